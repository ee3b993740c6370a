/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler.
 *
 * All bind to IPv6; between themselves they speak over ::1, so that they start before the
 * node has an address. etcd does not wait for its disk (a lab is gone with its holder).
 * The controller manager hands out no pod ranges: the cloud does, as it routes them.
 */
#include "scenarios/kube/component.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PKI      CLUSTER_ETC "/pki/"
#define ETCD_URL "https://[::1]:2379"
#define PEER_URL "https://[::1]:2380"
#define NODE1    "2001:db8:10:0:1::1"
#define READY_S \
	180 /* waits end when a daemon does: this is for slow machines */
#define LOOK_MS 20 /* between two looks whether the API server answers */

static const char *const etcd[] = {
	"--name=node1",
	"--data-dir=/var/lib/etcd",
	"--listen-client-urls=" ETCD_URL,
	"--advertise-client-urls=" ETCD_URL,
	"--listen-peer-urls=" PEER_URL,
	"--initial-advertise-peer-urls=" PEER_URL,
	"--initial-cluster=node1=" PEER_URL,
	"--cert-file=" PKI "etcd.crt",
	"--key-file=" PKI "etcd.key",
	"--trusted-ca-file=" PKI "etcd-ca.crt",
	"--client-cert-auth",
	"--peer-cert-file=" PKI "etcd.crt",
	"--peer-key-file=" PKI "etcd.key",
	"--peer-trusted-ca-file=" PKI "etcd-ca.crt",
	"--peer-client-cert-auth",
	"--unsafe-no-fsync",
	NULL,
};

static const char *const apiserver[] = {
	"--advertise-address=" NODE1,
	"--bind-address=::",
	"--secure-port=6443",
	"--etcd-servers=" ETCD_URL,
	"--etcd-cafile=" PKI "etcd-ca.crt",
	"--etcd-certfile=" PKI "apiserver-etcd.crt",
	"--etcd-keyfile=" PKI "apiserver-etcd.key",
	"--service-cluster-ip-range=" CLUSTER_SERVICES,
	"--authorization-mode=Node,RBAC",
	"--enable-admission-plugins=NodeRestriction",
	"--allow-privileged=true",
	"--client-ca-file=" PKI "ca.crt",
	"--tls-cert-file=" PKI "apiserver.crt",
	"--tls-private-key-file=" PKI "apiserver.key",
	"--kubelet-certificate-authority=" PKI "ca.crt",
	"--kubelet-client-certificate=" PKI "apiserver-kubelet.crt",
	"--kubelet-client-key=" PKI "apiserver-kubelet.key",
	"--kubelet-preferred-address-types=InternalIP",
	"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
	"--service-account-key-file=" PKI "sa.pub",
	"--service-account-signing-key-file=" PKI "sa.key",
	"--requestheader-client-ca-file=" PKI "front-proxy-ca.crt",
	"--requestheader-allowed-names=front-proxy-client",
	"--requestheader-username-headers=X-Remote-User",
	"--requestheader-group-headers=X-Remote-Group",
	"--requestheader-extra-headers-prefix=X-Remote-Extra-",
	"--proxy-client-cert-file=" PKI "front-proxy.crt",
	"--proxy-client-key-file=" PKI "front-proxy.key",
	"--enable-aggregator-routing=true",
	"--audit-policy-file=" CLUSTER_ETC "/audit.yaml",
	"--audit-log-path=/var/log/audit.log",
	NULL,
};

static const char *const controller_manager[] = {
	"--bind-address=::1",
	"--kubeconfig=" PKI "kcm.conf",
	"--authorization-kubeconfig=" PKI "kcm.conf",
	"--authentication-skip-lookup=true",
	"--use-service-account-credentials=true",
	"--kube-api-qps=500",
	"--kube-api-burst=1000",
	"--node-monitor-period=1s",
	"--allocate-node-cidrs=false",
	"--service-cluster-ip-range=" CLUSTER_SERVICES,
	"--root-ca-file=" PKI "ca.crt",
	"--service-account-private-key-file=" PKI "sa.key",
	"--cluster-signing-cert-file=" PKI "ca.crt",
	"--cluster-signing-key-file=" PKI "ca.key",
	NULL,
};

static const char *const scheduler[] = {
	"--bind-address=::1",
	"--kubeconfig=" PKI "scheduler.conf",
	"--authorization-kubeconfig=" PKI "scheduler.conf",
	"--authentication-skip-lookup=true",
	NULL,
};

static const char audit_policy[] = "apiVersion: audit.k8s.io/v1\n"
				   "kind: Policy\n"
				   "omitStages: [RequestReceived]\n"
				   "rules: [{level: Metadata}]\n";

/* Go collects garbage when the heap has doubled; a heap that grows from nothing does so
 * all the time. Fivefold: a fifth less of the time to start, some MiB more. */
static const char *const environment[] = { "GOGC=400", NULL };
const struct spawn_opts cluster_spawn = { .env = environment };

const struct component components[COMPONENT_MAX] = {
	[COMPONENT_ETCD] = { .name = "etcd", .flags = etcd },
	[COMPONENT_API] = { .name = "kube-apiserver",
			    .flags = apiserver,
			    .port = 6443,
			    .path = "/livez" },
	[COMPONENT_MANAGER] = { .name = "kube-controller-manager",
				.flags = controller_manager,
				.elects = true,
				.port = 10257,
				.path = "/healthz" },
	[COMPONENT_SCHEDULER] = { .name = "kube-scheduler",
				  .flags = scheduler,
				  .elects = true,
				  .port = 10259,
				  .path = "/healthz" },
};

/**
 * cluster_start() - Start one program of the control plane
 * @c:		Cluster
 * @which:	Which
 *
 * The API server waits for etcd. The scheduler should be started once the API server is
 * ready: without rights it would fall silent for seconds. The controller manager waits ten
 * seconds for that, then ends: it is not guarded before, see cluster_wait_api().
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_start(struct cluster *c, enum component_name which)
{
	const struct component *p = &components[which];
	const char *argv[COMPONENT_WORDS];
	char path[64];
	struct daemon *d;
	size_t n = 0;
	int r;

	(void)snprintf(path, sizeof(path), CLUSTER_BIN "/%s", p->name);
	/* etcd is the machine's where the Kubernetes programs bring none along. */
	argv[n++] = access(path, X_OK) == 0 ? path : p->name;
	for (size_t i = 0; p->flags[i] && n < COMPONENT_WORDS - 2; i++)
		argv[n++] = p->flags[i];
	if (p->elects)
		argv[n++] = "--leader-elect=false";
	argv[n] = NULL;
	r = member_spawn(c->control, argv, &cluster_spawn, &d);
	return r < 0 || which == COMPONENT_MANAGER ? r : cluster_guard(c, d);
}

/**
 * cluster_write_policy() - What the API server writes into its audit log
 * @c:		Cluster
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_write_policy(struct cluster *c)
{
	return member_write(c->control, CLUSTER_ETC "/audit.yaml", audit_policy,
			    0600);
}

/* A socket for the holder in node 1. */
struct wanted_socket {
	int family, type, protocol;
};

/**
 * make_socket() - socket(), in the network namespace of the caller
 * @arg:	struct wanted_socket
 *
 * Return: descriptor, or an errno
 */
static int make_socket(void *arg)
{
	const struct wanted_socket *w = arg;
	int fd = socket(w->family, w->type | SOCK_CLOEXEC, w->protocol);

	return fd < 0 ? -errno : fd;
}

/**
 * open_socket() - A socket of node 1, for the API client
 * @arg:	struct cluster
 * @family:	As for socket()
 * @type:	As for socket()
 * @protocol:	As for socket()
 *
 * Return: descriptor, or an errno
 */
static int open_socket(void *arg, int family, int type, int protocol)
{
	struct wanted_socket w = { family, type, protocol };
	struct cluster *c = arg;

	return member_in_netns(c->control, make_socket, &w);
}

/**
 * wait_answer() - Wait until the API server answers with success
 * @c:		Cluster with .api
 * @path:	What it is asked
 *
 * It tells nobody when it is there: it has to be asked.
 *
 * Return: 0, or an errno that was told to the user
 */
static int wait_answer(struct cluster *c, const char *path)
{
	int64_t deadline = lab_deadline(READY_S);
	struct pollfd guard = { .fd = c->guard_fd, .events = POLLIN };
	int r;

	for (;;) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		r = api_get_text(c->api, path, lab_deadline(5), &text);
		if (r == 0)
			return 0;
		if (poll(&guard, 1, LOOK_MS) > 0)
			return cluster_failed(c, -ECANCELED, "the API server");
		if (loop_now() > deadline)
			return cluster_failed(c, -ETIMEDOUT, "the API server");
	}
}

/**
 * keep_manager() - Start the controller manager again, if it did not wait long enough
 * @c:		Cluster, its API ready
 *
 * On a slow machine ten seconds go between the first answer and the last right.
 *
 * Return: 0, or an errno that was told to the user
 */
static int keep_manager(struct cluster *c)
{
	const char *name = components[COMPONENT_MANAGER].name;
	struct daemon *d = member_daemon(c->control, name);
	struct pollfd ended = { .fd = d ? d->proc.pidfd : -1,
				.events = POLLIN };
	int r = 0;

	if (!d)
		return 0; /* a static pod */
	if (poll(&ended, 1, 0) > 0) {
		lab_step(c->lab, "starting '%s' again", name);
		daemon_stop(d);
		r = cluster_start(c, COMPONENT_MANAGER);
		d = member_daemon(c->control, name);
	}
	return r < 0 ? r : cluster_guard(c, d);
}

/**
 * cluster_wait_api() - Wait until the API server is ready: everybody has their rights
 * @c:		Cluster with .api
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_wait_api(struct cluster *c)
{
	int r = wait_answer(c, "/readyz");

	return r < 0 ? r : keep_manager(c);
}

/**
 * cluster_api() - A client of the API as admin
 * @c:		Cluster
 * @ret_api:	The caller ends it by api_free()
 * @ret_problem: One line where it fails
 *
 * Return: 0, or see api_open()
 */
int cluster_api(struct cluster *c, struct api **ret_api,
		struct buf *ret_problem)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "%.40s/pki/admin.conf", c->lab->dir);
	r = api_open(path, ret_api, ret_problem);
	if (r == 0)
		api_socket_by(*ret_api, open_socket, c);
	return r;
}

/**
 * cluster_open_api() - Open the API as admin; wait until it serves that one
 * @c:		Cluster; .api is set
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_open_api(struct cluster *c)
{
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	int r = cluster_api(c, &c->api, &problem);

	if (r < 0)
		return lab_fail(c->lab, r, "%s", buf_text(&problem));
	api_cancel_by(c->api, c->guard_fd);
	return wait_answer(c, "/api/v1/namespaces/kube-system");
}

/**
 * try_vip() - Connect to the API server by its service's address, from node 1
 * @c:		Cluster
 *
 * Return: 0, -EKEYREJECTED where its certificate is for others, or see api.h
 */
static int try_vip(struct cluster *c)
{
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(api_freep) struct api *api = NULL;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "%.40s/pki/" CLUSTER_VIP_CONF,
		       c->lab->dir);
	r = api_open(path, &api, &problem);
	if (r < 0)
		return r;
	api_socket_by(api, open_socket, c);
	return api_get_text(api, "/readyz", lab_deadline(5), &text);
}

/**
 * cluster_wait_vip() - Wait until a connection by the service's address ends as wanted
 * @c:		Cluster
 * @wanted:	0, -EKEYREJECTED
 *
 * Return: 0, or an errno that was told to the user
 */
int cluster_wait_vip(struct cluster *c, int wanted)
{
	struct pollfd guard = { .fd = c->guard_fd, .events = POLLIN };
	int64_t deadline = lab_deadline(READY_S);
	int r;

	lab_step(c->lab, "waiting for the API server's other certificate");
	for (;;) {
		r = try_vip(c);
		if (r == wanted)
			return 0;
		if (poll(&guard, 1, LOOK_MS) > 0 || loop_now() > deadline)
			return cluster_failed(
				c, r == -ETIMEDOUT || !r ? -ETIMEDOUT : r,
				"the API server's other certificate");
	}
}
