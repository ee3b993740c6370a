/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: list - all formats, each in the file of its name
 *
 * A new one is declared here and put into emit_formats (emit.c).
 */

#include "netsetup/emit/emit.h"

extern const struct emit_format emit_clat;
extern const struct emit_format emit_cni;
extern const struct emit_format emit_containerd;
extern const struct emit_format emit_corefile;
extern const struct emit_format emit_hosts;
extern const struct emit_format emit_kube_proxy;
extern const struct emit_format emit_kubeadm;
extern const struct emit_format emit_kubelet;
extern const struct emit_format emit_masquerade;
extern const struct emit_format emit_resolv_conf;
extern const struct emit_format emit_sysctl;
extern const struct emit_format emit_unbound;
