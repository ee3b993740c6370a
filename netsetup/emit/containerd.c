/* SPDX-License-Identifier: Apache-2.0 */

/*
 * containerd: config.toml for pods that have IPv6 alone
 *
 * restrict_oom_score_adj is for machines that withhold CAP_SYS_RESOURCE, where runc
 * otherwise ends with "can't get final child's PID from pipe: EOF". Everything that
 * is not said is containerd's default.
 */
#include "netsetup/emit/emit.h"

#include <errno.h>

/**
 * emit() - Print the file
 * @h:		Hints; none is needed
 * @args:	sandbox=REFERENCE of the pause image
 * @out:	Gets the text
 *
 * Version 2 of the format is read by containerd 1.x and 2.x.
 *
 * Return: 0 or -ENOMEM
 */
static int emit(const struct hints *h, const struct emit_args *args,
		struct buf *out)
{
	(void)h;
	buf_printf(out,
		   "version = 2\n"
		   "[plugins.\"io.containerd.grpc.v1.cri\"]\n"
		   "  sandbox_image = \"%s\"\n"
		   "  disable_apparmor = true\n"
		   "  disable_hugetlb_controller = true\n"
		   "  restrict_oom_score_adj = true\n"
		   "  stream_server_address = \"::1\"\n"
		   "  [plugins.\"io.containerd.grpc.v1.cri\".cni]\n"
		   "    ip_pref = \"ipv6\"\n"
		   "  [plugins.\"io.containerd.grpc.v1.cri\".containerd"
		   ".runtimes.runc]\n"
		   "    runtime_type = \"io.containerd.runc.v2\"\n",
		   emit_more(args, "sandbox", "registry.k8s.io/pause:3.10.1"));
	return buf_error(out);
}

const struct emit_format emit_containerd = {
	.name = "containerd",
	.summary = "containerd's config.toml for pods with IPv6 alone",
	.path = "/etc/containerd/config.toml",
	.emit = emit,
};
