/* SPDX-License-Identifier: Apache-2.0 */

/*
 * image-not-pullable: a node has not the image, and cannot get it
 *
 * The registry's name has no IPv6 address that the node could reach: what most images
 * look like from an IPv6-only network without NAT64.
 */
#include "scenarios/fault/fault.h"
#include "scenarios/kube/cluster.h"
#include "scenarios/kube/images.h"

#define KEPT "localhost/shoot6/kept:1"

/**
 * rename_image() - Let node 2 know an image by another name alone
 * @lab:	Lab
 * @from:	Its name
 * @to:		The name it shall have
 *
 * Return: 0, or an errno that was told to the user
 */
static int rename_image(struct lab *lab, const char *from, const char *to)
{
	const char *const tag[] = { "ctr", "-n", "k8s.io", "images",
				    "tag", from, to,       NULL };
	const char *const rm[] = { "ctr", "-n", "k8s.io", "images",
				   "rm",  from, NULL };
	struct member *m = lab_member(lab, "node2");
	int r = member_do(m, tag);

	return r < 0 ? r : member_do(m, rm);
}

/**
 * inject() - Break it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int inject(struct lab *lab)
{
	return rename_image(lab, IMAGE_SHOOT6, KEPT);
}

/**
 * heal() - Mend it
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int heal(struct lab *lab)
{
	return rename_image(lab, KEPT, IMAGE_SHOOT6);
}

const struct fault fault_image_not_pullable = {
	.name = "image-not-pullable",
	.summary = "node2 lacks the suite's image and cannot pull it",
	.engine = "kubernetes",
	.inject = inject,
	.heal = heal,
	.cause = "image-pull",
	.red = { "RUN-1" },
};
