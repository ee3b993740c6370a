/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pair: a router, a node and a pod, and nothing that serves
 *
 * The smallest lab there is: for tests of the lab itself, and for a look around.
 */
#include "scenarios/lab.h"

/**
 * up() - Bring it up
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
static int up(struct lab *lab)
{
	struct member *router, *node, *pod;
	int r;

	lab_step(lab, "making a router, a node and a pod");
	r = lab_member_new(lab, "router", MEMBER_ROUTER, NULL, NULL, &router);
	if (r == 0)
		r = lab_member_new(lab, "node1", MEMBER_NODE, NULL, NULL,
				   &node);
	if (r == 0)
		r = lab_member_new(lab, "a", MEMBER_POD, node, NULL, &pod);
	if (r < 0)
		return r;
	lab_step(lab, "joining them");
	r = lab_veth(lab, router, "n1", node, "eth0", NULL);
	if (r == 0)
		r = member_addr_add(router, "n1", "2001:db8:10::1/64");
	if (r == 0)
		r = member_addr_add(node, "eth0", "2001:db8:10::a/64");
	if (r == 0)
		r = member_route_add(node, "default", "2001:db8:10::1", "eth0",
				     NULL);
	if (r == 0)
		r = lab_veth(lab, node, "pod-a", pod, "eth0", NULL);
	if (r == 0)
		r = member_addr_add(pod, "eth0", "2001:db8:11::a/64");
	return r;
}

const struct lab_case case_pair = {
	.name = "pair",
	.summary = "a router, a node and a pod, and nothing that serves",
	.engine = "netns",
	.up = up,
};
