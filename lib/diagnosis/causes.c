/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/diagnosis/rule.h"

#include <assert.h>

/*
 * %(key) is a value of the evidence, %(key|words) has words for a missing one.
 * Keys whose name ends in "_text" stand for a whole phrase or nothing.
 */
const struct cause_info causes[] = {
	[CAUSE_NONE] = {
		.token = "",
		.sentence = "all checks that apply pass",
		.means = "all checks are green",
		.remedy = "nothing",
		.clause = "",
	},
	[CAUSE_IPV6_DISABLED] = {
		.token = "ipv6-disabled",
		.sentence = "IPv6 is switched off on an interface of "
			"%(vantage|the pod)",
		.means = "no address can be set there, so nothing that uses "
			"IPv6 works from this place",
		.remedy = "set net.ipv6.conf.IFACE.disable_ipv6 to 0; "
			"container runtimes and sysctl.d files set it to 1",
		.clause = "RFC 8504 section 5.1",
	},
	[CAUSE_LO_IPV6_DISABLED] = {
		.token = "lo-ipv6-disabled",
		.sentence = "IPv6 is switched off on lo of %(vantage|the pod): "
			"there is no ::1",
		.means = "programs that talk to themselves over localhost "
			"fail; all else works",
		.remedy = "set net.ipv6.conf.lo.disable_ipv6 to 0",
		.clause = "RFC 4291 section 2.5.3",
	},
	[CAUSE_DAD_FAILED] = {
		.token = "dad-failed",
		.sentence = "duplicate address detection failed for "
			"%(address|an address) on %(vantage|the node)",
		.means = "another host on the link answers for the same "
			"address, so the kernel refuses to use it",
		.remedy = "find the other owner (cloned machine, same MAC, "
			"restored snapshot), end it, and set the address anew",
		.clause = "RFC 4862 section 5.4.5",
	},
	[CAUSE_DAD_TENTATIVE] = {
		.token = "dad-tentative",
		.sentence = "an address of %(vantage|the node) is still "
			"tentative",
		.means = "bind() fails with EADDRNOTAVAIL until duplicate "
			"address detection is over, a second or two",
		.remedy = "wait for it, or set the address with nodad or "
			"optimistic where nobody else can have it",
		.clause = "RFC 4862 section 5.4",
	},
	[CAUSE_NODE_IP_FAMILY] = {
		.token = "node-ip-family",
		.sentence = "the kubelet of %(node|the node) registered an "
			"address that is not the IPv6 one (%(address|IPv4))",
		.means = "pods with host network, NodePorts and the API "
			"server's way to the kubelet use the wrong family",
		.remedy = "start the kubelet with --node-ip=IPV6-ADDRESS",
		.clause = "KEP-563",
	},
	[CAUSE_ADDR_DEPRECATED] = {
		.token = "addr-deprecated",
		.sentence = "the preferred lifetime of %(address|the address) "
			"on %(vantage|the node) has run out",
		.means = "new connections avoid the address; when its valid "
			"lifetime ends too, the node is cut off",
		.remedy = "let the renewal through: DHCPv6 (UDP 546, 547) or "
			"router advertisements with a preferred lifetime "
			"above 0",
		.clause = "RFC 4862 section 5.5.4",
	},
	[CAUSE_OVERLAY_MTU] = {
		.token = "overlay-mtu",
		.sentence = "the way between nodes carries at most "
			"%(mtu_ok|fewer) bytes, the pods' links say "
			"%(mtu|more)",
		.means = "the overhead of the overlay was not subtracted and "
			"nobody sends Packet Too Big: small packets pass, "
			"full ones vanish",
		.remedy = "lower the pods' MTU (CNI configuration) to what the "
			"underlay carries, or raise the underlay's",
		.clause = "RFC 8200 section 5",
	},
	[CAUSE_UDP6_ZERO_CSUM] = {
		.token = "udp6-zero-csum",
		.sentence = "%(node|a node) refuses tunnel packets without a "
			"UDP checksum",
		.means = "the sender leaves the checksum out, IPv6 receivers "
			"drop such packets unless told otherwise",
		.remedy = "set udp6zerocsumrx on the receiving tunnel, or let "
			"the sender compute checksums",
		.clause = "RFC 6935 section 5",
	},
	[CAUSE_CNI_MISSING] = {
		.token = "cni-missing",
		.sentence = "the container runtime of %(node|the node) has no "
			"CNI configuration",
		.means = "the node cannot give a pod a network, so it stays "
			"NotReady and its pods in ContainerCreating",
		.remedy = "put the file that `netsetup emit cni` prints into "
			"/etc/cni/net.d",
		.clause = "kubernetes.io: network plugins",
	},
	[CAUSE_IMAGE_PULL] = {
		.token = "image-pull",
		.sentence = "the image %(image|of a pod) cannot be pulled",
		.means = "the registry has no AAAA record, the name is wrong, "
			"or the node has no way to it",
		.remedy = "use a registry with IPv6 or DNS64 and NAT64 on the "
			"node's resolver, or preload the image",
		.clause = "RFC 8504 section 5.1",
	},
	[CAUSE_RUNTIME_DOWN] = {
		.token = "runtime-down",
		.sentence = "the container runtime of %(node|a node) does not "
			"answer its kubelet",
		.means = "the kubelet is there and says so; pods that run go "
			"on, none can be started, ended or reached into, and "
			"the node will be NotReady",
		.remedy = "start the runtime on the node, look at its log "
			"(`journalctl -u containerd`), and see that the "
			"kubelet's containerRuntimeEndpoint is its socket",
		.clause = "kubernetes.io: container runtimes",
	},
	[CAUSE_RA_IGNORED_FORWARDING] = {
		.token = "ra-ignored-forwarding",
		.sentence = "%(node|the node) forwards and accept_ra is "
			"%(accept_ra|1): its kernel ignores router "
			"advertisements",
		.means = "a host that forwards is a router to the kernel, so "
			"it drops the default route it learnt, unless "
			"accept_ra is 2",
		.remedy = "set net.ipv6.conf.%(dev|UPLINK).accept_ra to 2 and "
			"solicit anew; netsetup apply does both",
		.clause = "kernel ip-sysctl, accept_ra",
	},
	[CAUSE_ROUTER_WITHDREW] = {
		.token = "router-withdrew",
		.sentence = "router %(router|of the uplink) advertises a "
			"lifetime of 0: it is no default router any more",
		.means = "each node that learnt its default route from it "
			"drops the route at once; addresses stay",
		.remedy = "set the router's AdvDefaultLifetime above 0, or "
			"find who sends advertisements in its name",
		.clause = "RFC 4861 section 6.3.4",
	},
	[CAUSE_RA_NOT_ONLINK] = {
		.token = "ra-not-onlink",
		.sentence = "router advertisements of %(router|the router) "
			"arrive with a hop limit other than 255",
		.means = "they were forwarded, so hosts must ignore them, as "
			"if there were none",
		.remedy = "send them on the link itself; no relay or gateway "
			"may decrement the hop limit",
		.clause = "RFC 4861 section 6.1.2",
	},
	[CAUSE_RA_MISSING] = {
		.token = "ra-missing",
		.sentence = "no router answers the router solicitation of "
			"%(node|the node)",
		.means = "without an advertisement the node has no default "
			"route; nobody told it a router exists",
		.remedy = "start the router's advertisements, and let ICMPv6 "
			"types 133 to 136 through every filter on the link",
		.clause = "RFC 4861 section 6.3.7",
	},
	[CAUSE_HOPLIMIT_LOW] = {
		.token = "hoplimit-low",
		.sentence = "router %(router|of the uplink) advertises hop "
			"limit %(hop_limit|below 64)",
		.means = "packets die after so few routers; near destinations "
			"work, far ones do not",
		.remedy = "set the router's AdvCurHopLimit to 64 or 0",
		.clause = "RFC 4861 section 4.2",
	},
	[CAUSE_ROGUE_ROUTER] = {
		.token = "rogue-router",
		.sentence = "a second router, %(router|unknown), offers itself "
			"on the link and does not forward",
		.means = "nodes that choose it lose what leaves the link",
		.remedy = "stop its advertisements, or filter them at the "
			"switch port (RA guard)",
		.clause = "RFC 6104; RFC 6105",
	},
	[CAUSE_ND_FILTERED] = {
		.token = "nd-filtered",
		.sentence = "%(peer|the next hop) does not answer neighbour "
			"solicitations of %(vantage|the node)",
		.means = "ICMPv6 types 135 and 136 are dropped, so no packet "
			"finds a link-layer address",
		.remedy = "let neighbour discovery through: nothing on the "
			"link may drop ICMPv6 133 to 136",
		.clause = "RFC 4890 section 4.4.1",
	},
	[CAUSE_NEIGH_OVERFLOW] = {
		.token = "neigh-overflow",
		.sentence = "the neighbour table of %(node|the node) is full",
		.means = "new neighbours cannot be reached while old ones work",
		.remedy = "raise net.ipv6.neigh.default.gc_thresh1 to 3, "
			"machine-wide",
		.clause = "RFC 6583 section 3",
	},
	[CAUSE_NO_PROXY_NDP] = {
		.token = "no-proxy-ndp",
		.sentence = "nobody answers neighbour solicitations for "
			"%(dst|pod addresses) on the node's link",
		.means = "the router takes the pod prefix for on-link and "
			"finds no neighbour; it answers ICMPv6 1/3",
		.remedy = "route the pod prefix to the node, or let the node "
			"answer for it (netsetup: proxies)",
		.clause = "RFC 4389 section 4",
	},
	[CAUSE_NO_DEFAULT_ROUTE] = {
		.token = "no-default-route",
		.sentence = "%(vantage|the node) has no IPv6 default route",
		.means = "the router's advertisements are accepted, or not "
			"needed, and still nothing leads out",
		.remedy = "set a default route, or let the router advertise "
			"itself",
		.clause = "RFC 4861 section 6.3.6",
	},
	[CAUSE_ROUTE_BLACKHOLE] = {
		.token = "route-blackhole",
		.sentence = "%(vantage|the node) has a blackhole route that "
			"covers %(dst|the destination)",
		.means = "packets are dropped without a word",
		.remedy = "remove the route, or set a more specific one",
		.clause = "kernel ip-route: blackhole",
	},
	[CAUSE_ROUTE_UNREACHABLE] = {
		.token = "route-unreachable",
		.sentence = "%(vantage|the node) has an unreachable route that "
			"covers %(dst|the destination)",
		.means = "the node itself answers that there is no way",
		.remedy = "remove the route, or set a more specific one",
		.clause = "RFC 4443 section 3.1",
	},
	[CAUSE_ROUTE_PROHIBIT] = {
		.token = "route-prohibit",
		.sentence = "a prohibit route or a rejecting filter of "
			"%(offender|the node) covers %(dst|the destination)",
		.means = "packets are refused with ICMPv6 1/1",
		.remedy = "remove the route or the filter's rule",
		.clause = "RFC 4443 section 3.1",
	},
	[CAUSE_POD_ROUTE_MISSING] = {
		.token = "pod-route-missing",
		.sentence = "%(hop|the router) has no route to the pod prefix "
			"%(pod_cidr) of %(peer|a node)",
		.means = "pods of that node are cut off from the other nodes "
			"and the world, while all on the node itself works",
		.remedy = "add the route for %(pod_cidr|the pod prefix) to "
			"%(peer|the node) in the cloud's route table (route "
			"quota reached, or its controller is behind)",
		.clause = "kubernetes.io: network model",
	},
	[CAUSE_ANTISPOOF] = {
		.token = "antispoof",
		.sentence = "packets with pod sources of %(node|the node) are "
			"dropped on the way out, the node's own pass",
		.means = "the cloud checks source addresses and does not know "
			"the pod prefix",
		.remedy = "allow the pod prefix on the port: source/dest check "
			"off, IP forwarding on, allowed address pairs",
		.clause = "RFC 2827 (BCP 38)",
	},
	[CAUSE_RPFILTER] = {
		.token = "rpfilter",
		.sentence = "strict reverse-path filtering drops packets that "
			"come in by another way than answers go out",
		.means = "one direction works, answers are lost",
		.remedy = "use loose or feasible-path filtering where routes "
			"are asymmetric",
		.clause = "RFC 3704 section 2.3",
	},
	[CAUSE_ASYM_STATEFUL] = {
		.token = "asym-stateful",
		.sentence = "a stateful firewall sees only one direction "
			"between %(vantage|the pod) and %(dst|the destination)",
		.means = "UDP passes, TCP and echo do not: the firewall never "
			"saw the first packet of the connection",
		.remedy = "route both directions through the same firewall, or "
			"let it pass without state",
		.clause = "RFC 4890",
	},
	[CAUSE_ECMP_MEMBER] = {
		.token = "ecmp-member",
		.sentence = "one of the equal-cost paths to %(dst|the "
			"destination) is dead",
		.means = "a fixed part of the flows (by their ports) is lost, "
			"all others work",
		.remedy = "take the dead next hop out of the group, or watch "
			"it by BFD",
		.clause = "RFC 2991 section 3",
	},
	[CAUSE_ULA_EGRESS] = {
		.token = "ula-egress",
		.sentence = "the only source towards the world is a ULA, "
			"%(src|fc00::/7)",
		.means = "upstream drops fc00::/7, so no answer comes back",
		.remedy = "give pods and nodes global addresses",
		.clause = "RFC 4193 section 4.3",
	},
	[CAUSE_NO_UPSTREAM] = {
		.token = "no-upstream",
		.sentence = "%(offender|the router) has no route to the IPv6 "
			"internet (%(dst|the destination))",
		.means = "the shoot works inside; what leaves it is refused at "
			"this router",
		.remedy = "add a default route, or one for the destination, at "
			"%(offender|the router): internet or egress-only "
			"gateway",
		.clause = "RFC 4443 section 3.1",
	},
	[CAUSE_ICMPV6_FILTERED] = {
		.token = "icmpv6-filtered",
		.sentence = "all ICMPv6 is dropped on the way to %(dst|the "
			"destination)",
		.means = "small TCP works, but echo and Packet Too Big are "
			"lost: large transfers hang",
		.remedy = "let ICMPv6 types 1 to 4, 128 and 129 through",
		.clause = "RFC 4890 section 4.3.1",
	},
	[CAUSE_ECHO_FILTERED] = {
		.token = "echo-filtered",
		.sentence = "ICMPv6 echo to %(dst|the destination) is "
			"filtered, everything else passes",
		.means = "nothing is down; only ping says so",
		.remedy = "let types 128 and 129 through, or do not judge by "
			"ping",
		.clause = "RFC 4890 section 4.3.1",
	},
	[CAUSE_PMTU_BLACKHOLE] = {
		.token = "pmtu-blackhole",
		.sentence = "packets above %(mtu_ok|the path MTU) bytes to "
			"%(dst|the destination) vanish, and no Packet Too Big "
			"comes back",
		.means = "ping and handshakes work, then transfers hang: the "
			"sender is never told to send less",
		.remedy = "let ICMPv6 type 2 through on the whole way "
			"(routers, firewalls, load balancers), or lower the "
			"MTU to %(mtu_ok|1280)",
		.clause = "RFC 8201 section 4; RFC 4890 section 4.3.1",
	},
	[CAUSE_PMTU_CLAMPED] = {
		.token = "pmtu-clamped",
		.sentence = "Packet Too Big is lost on the way to %(dst|the "
			"destination), and only MSS clamping hides it",
		.means = "TCP works; UDP, QUIC and tunnels lose their large "
			"packets",
		.remedy = "let ICMPv6 type 2 through",
		.clause = "RFC 8201 section 4",
	},
	[CAUSE_PTB_RATELIMITED] = {
		.token = "ptb-ratelimited",
		.sentence = "%(offender|a router) sends Packet Too Big too "
			"seldom",
		.means = "some flows learn the path MTU, the others hang until "
			"they try again",
		.remedy = "exempt ICMPv6 type 2 from the rate limit "
			"(net.ipv6.icmp.ratemask)",
		.clause = "RFC 4443 section 2.4 (f)",
	},
	[CAUSE_SVC_PTB_LOST] = {
		.token = "svc-ptb-lost",
		.sentence = "Packet Too Big for flows through service "
			"%(vip|addresses) is lost, direct to the endpoint it "
			"arrives",
		.means = "the error belongs to a translated flow and nobody "
			"translates it back",
		.remedy = "let ICMPv6 type 2 with conntrack state RELATED "
			"through on the nodes",
		.clause = "RFC 8201 section 4",
	},
	[CAUSE_FRAG_DROP] = {
		.token = "frag-drop",
		.sentence = "fragments are dropped on the way to %(dst|the "
			"destination)",
		.means = "UDP answers above the MTU are lost, DNS with large "
			"answers among them",
		.remedy = "let fragments through, and keep DNS answers below "
			"1232 bytes",
		.clause = "RFC 7872; RFC 8900",
	},
	[CAUSE_EH_DROP] = {
		.token = "eh-drop",
		.sentence = "packets with extension headers are dropped on the "
			"way to %(dst|the destination)",
		.means = "only traffic with hop-by-hop or destination options "
			"is lost",
		.remedy = "informational on most networks; let options through "
			"where they are needed",
		.clause = "RFC 7872; RFC 9098",
	},
	[CAUSE_VIP_NOT_PROGRAMMED] = {
		.token = "vip-not-programmed",
		.sentence = "%(node|the node) does not translate service "
			"address %(vip|of the cluster)",
		.means = "the endpoints answer when asked directly; kube-proxy "
			"(or its stand-in) has written no IPv6 rules for the "
			"service",
		.remedy = "start kube-proxy on the node, with an IPv6 "
			"--cluster-cidr, and look at `nft list table ip6 "
			"kube-proxy`",
		.clause = "kubernetes.io: virtual IPs",
	},
	[CAUSE_STALE_ENDPOINT] = {
		.token = "stale-endpoint",
		.sentence = "service %(vip|of the cluster) still sends "
			"connections to an endpoint that is "
			"gone%(endpoint_text)",
		.means = "a fixed share of the connections gets no answer, the "
			"others work",
		.remedy = "see who keeps the EndpointSlice (controller down, "
			"manual entry) and whether kube-proxy follows it",
		.clause = "kubernetes.io: EndpointSlices",
	},
	[CAUSE_NO_ENDPOINT_DROP] = {
		.token = "no-endpoint-drop",
		.sentence = "service %(vip|of the cluster) has no endpoint, "
			"and packets to it are dropped instead of refused",
		.means = "clients wait for a timeout where an error at once is "
			"due",
		.remedy = "let the proxy reject connections of services "
			"without endpoints",
		.clause = "KEP-2086",
	},
	[CAUSE_HAIRPIN] = {
		.token = "hairpin",
		.sentence = "%(vantage|a pod) cannot reach itself through its "
			"service %(vip|address)",
		.means = "the packet must leave by the port it came in by; the "
			"bridge drops it, or the source is not masqueraded",
		.remedy = "set hairpinMode in the CNI bridge configuration, "
			"and masquerade hairpin traffic",
		.clause = "RFC 4787 REQ-9",
	},
	[CAUSE_LISTENER_V4_ONLY] = {
		.token = "listener-v4-only",
		.sentence = "%(dst|the server) refuses IPv6: it listens on "
			"0.0.0.0 alone",
		.means = "the host is up and says so; the program does not "
			"listen on [::]",
		.remedy = "let the program listen on [::]",
		.clause = "RFC 3493 section 5.3",
	},
	[CAUSE_DNS_UPSTREAM_V4] = {
		.token = "dns-upstream-v4",
		.sentence = "cluster DNS %(resolver) forwards to an IPv4 "
			"upstream%(upstream_text)",
		.means = "it has no IPv4 to send from, so names outside the "
			"cluster end in SERVFAIL while names of the cluster "
			"work",
		.remedy = "give the forward plugin an IPv6 upstream (kubelet "
			"--resolv-conf, Corefile)",
		.clause = "RFC 8504 section 7",
	},
	[CAUSE_DNS_SILENT] = {
		.token = "dns-silent",
		.sentence = "resolver %(resolver|of the pods) does not answer, "
			"neither over UDP nor over TCP",
		.means = "no name can be resolved; addresses work",
		.remedy = "start the resolver, and let port 53 through for UDP "
			"and TCP",
		.clause = "RFC 8504 section 7",
	},
	[CAUSE_DNS64_SERVFAIL] = {
		.token = "dns64-servfail",
		.sentence = "resolver %(resolver|of the pods) answers SERVFAIL "
			"for names that have only IPv4",
		.means = "names with AAAA work; synthesis fails although it is "
			"switched on",
		.remedy = "look at the resolver's DNS64 and DNSSEC "
			"configuration, and whether it reaches the A records' "
			"server",
		.clause = "RFC 6147 section 5.1",
	},
	[CAUSE_DNS64_ABSENT] = {
		.token = "dns64-absent",
		.sentence = "resolver %(resolver|of the pods) does not "
			"synthesise AAAA records",
		.means = "names that have only IPv4 have no address for an "
			"IPv6-only pod, although NAT64 is there",
		.remedy = "switch DNS64 on for the subnet or in the resolver, "
			"with prefix %(prefix|of the NAT64)",
		.clause = "RFC 6147 section 5.1; RFC 7050 section 3",
	},
	[CAUSE_DNS_RECORDS] = {
		.token = "dns-records",
		.sentence = "the cluster's DNS %(resolver) does not know of "
			"%(name|a service) what the API server does",
		.means = "a service's address resolves, but not its ports or "
			"the pods behind it: CoreDNS watches no EndpointSlices "
			"(noendpoints), may not (RBAC), or is cut off from the "
			"API server",
		.remedy = "compare `kubectl get endpointslices` with the "
			"answer; look at the plugin 'kubernetes' of the "
			"Corefile, at CoreDNS' ClusterRole and at its log",
		.clause = "kubernetes.io: DNS for services and pods",
	},
	[CAUSE_DNS_REVERSE] = {
		.token = "dns-reverse-absent",
		.sentence = "the cluster's DNS %(resolver) has no reverse zone "
			"of %(name|its addresses)",
		.means = "programs that log or check a peer by its name see "
			"none, or wait for an upstream that cannot know",
		.remedy = "add ip6.arpa (or the ranges of services and pods) "
			"to the zones of the plugin 'kubernetes' in the "
			"Corefile",
		.clause = "RFC 3596 section 2.5",
	},
	[CAUSE_NAT64_PREFIX_MISMATCH] = {
		.token = "nat64-prefix-mismatch",
		.sentence = "DNS64 synthesises with %(prefix_dns|one prefix), "
			"but the network translates %(prefix|another)",
		.means = "names resolve, then the packets go where no "
			"translator is",
		.remedy = "configure DNS64 with the prefix that the network "
			"announces (PREF64) and routes",
		.clause = "RFC 7050; RFC 8781",
	},
	[CAUSE_NAT64_NO_ROUTE] = {
		.token = "nat64-no-route",
		.sentence = "%(hop|the router) has no route to the NAT64 "
			"prefix %(prefix)",
		.means = "%(dns64_text) the packet dies at "
			"the router, before the translator",
		.remedy = "add a route for %(prefix|the NAT64 prefix) to the "
			"NAT64 gateway in the router's table",
		.clause = "RFC 6146 section 2; RFC 6052",
	},
	[CAUSE_NAT64_LOOP] = {
		.token = "nat64-loop",
		.sentence = "packets to the NAT64 prefix %(prefix) go in a "
			"loop at %(offender|the gateway)",
		.means = "the route leads to a machine that does not translate "
			"and sends the packet back",
		.remedy = "start the translator, or route the prefix to where "
			"it runs",
		.clause = "RFC 4443 section 3.3",
	},
	[CAUSE_NAT64_POOL] = {
		.token = "nat64-pool",
		.sentence = "the NAT64 gateway %(offender) has no IPv4 address "
			"left for this client",
		.means = "clients that have a mapping work, others are refused",
		.remedy = "enlarge the pool, or share addresses by ports "
			"(stateful NAT64)",
		.clause = "RFC 6146 section 3.5",
	},
	[CAUSE_NAT64_PORTS] = {
		.token = "nat64-ports",
		.sentence = "the NAT64 gateway has no port left for new flows "
			"to %(dst|the destination)",
		.means = "a part of the new connections is dropped, those that "
			"stand work",
		.remedy = "add IPv4 addresses to the gateway, and shorten idle "
			"timeouts",
		.clause = "RFC 6888 REQ-4",
	},
	[CAUSE_NAT64_MTU] = {
		.token = "nat64-mtu",
		.sentence = "large packets through NAT64 to %(dst|the "
			"destination) are lost",
		.means = "IPv6 headers are 20 bytes larger and the IPv4 leg is "
			"smaller: Packet Too Big of the translator is lost",
		.remedy = "let ICMPv6 type 2 from the NAT64 prefix through, "
			"and set the translator's IPv6 MTU to the IPv4 MTU + "
			"20",
		.clause = "RFC 7915 section 4",
	},
	[CAUSE_NAT64_DOWN] = {
		.token = "nat64-down",
		.sentence = "nothing comes back from the NAT64 behind "
			"%(prefix|its prefix)",
		.means = "DNS64 answers and the route is there, but the "
			"translator says nothing: it is not running or cannot "
			"reach IPv4",
		.remedy = "start the translator, and look at its IPv4 side",
		.clause = "RFC 6146 section 2",
	},
	[CAUSE_V4_LEAK] = {
		.token = "v4-leak",
		.sentence = "IPv4 leaks out of an IPv6-only shoot: %(vantage|a "
			"pod) reaches %(dst|IPv4)",
		.means = "the suite cannot claim IPv6-only: programs use this "
			"path unseen, and break where it is missing",
		.remedy = "remove the IPv4 address %(src) and the masquerade "
			"behind it",
		.clause = "profiles true-ipv6-only, ipv6-only-nat64",
	},
	[CAUSE_V4_LITERAL] = {
		.token = "v4-literal",
		.sentence = "IPv4 literals do not fail at once on "
			"%(vantage|the pod)",
		.means = "a half-configured IPv4 makes programs wait for a "
			"timeout before they fall back to IPv6",
		.remedy = "remove IPv4 routes and addresses, so that connect() "
			"gets ENETUNREACH at once",
		.clause = "RFC 6877; RFC 8305",
	},
	[CAUSE_DEST_V4_ONLY] = {
		.token = "dest-v4-only",
		.sentence = "%(name|the destination) has IPv4 addresses only",
		.means = "without DNS64 and NAT64 an IPv6-only pod has no way "
			"to it",
		.remedy = "use an IPv6 mirror, or switch on DNS64 and NAT64",
		.clause = "RFC 6147",
	},
	[CAUSE_POLICY_V4_ONLY] = {
		.token = "policy-v4-only",
		.sentence = "a policy that allows %(dst|the destination) is "
			"written for IPv4 alone",
		.means = "its default applies to IPv6: refused or dropped",
		.remedy = "add ::/0 (or the IPv6 block meant) beside 0.0.0.0/0",
		.clause = "kubernetes.io: network policies",
	},
	[CAUSE_CONNTRACK_FULL] = {
		.token = "conntrack-full",
		.sentence = "the connection tracking table of %(node|the node) "
			"is full",
		.means = "new flows are dropped, those that stand go on",
		.remedy = "raise net.netfilter.nf_conntrack_max, and find who "
			"opens so many",
		.clause = "kernel nf_conntrack-sysctl",
	},
	[CAUSE_IDLE_EXPIRED] = {
		.token = "idle-expired",
		.sentence = "idle flows to %(dst|the destination) are "
			"forgotten too early on the way",
		.means = "what was silent for a while is dropped in silence",
		.remedy = "raise the idle timeouts on the way, or send "
			"keepalives more often",
		.clause = "RFC 6146 section 4; RFC 5382 REQ-5",
	},
	[CAUSE_API_DOWN] = {
		.token = "api-down",
		.sentence = "the API server at %(endpoint|its own address) "
			"does not answer, with or without a service between",
		.means = "the service address is not to blame: what it leads "
			"to is silent as well, for everybody who asked",
		.remedy = "look at kube-apiserver and etcd on the "
			"control-plane node: `crictl ps`, their logs, and "
			"whether its address is the one in EndpointSlice "
			"default/kubernetes",
		.clause = "kubernetes.io: debug cluster",
	},
	[CAUSE_API_UNREACHABLE] = {
		.token = "api-unreachable",
		.sentence = "no pod or node that tried reaches the API server "
			"at %(endpoint|its own address), though it answers "
			"others",
		.means = "the server is up, the way to it is closed: what runs "
			"in pods and needs the API (CoreDNS, controllers) "
			"goes stale or ends",
		.remedy = "let pods and nodes connect to the addresses of "
			"EndpointSlice default/kubernetes (firewall, security "
			"group, network policy, a route back to the pods), or "
			"give kube-apiserver an --advertise-address that they "
			"reach",
		.clause = "kubernetes.io: control plane-node communication",
	},
	[CAUSE_API_CERT_SAN] = {
		.token = "api-cert-san",
		.sentence = "the API server's certificate does not name "
			"%(server|the address used)",
		.means = "TLS clients refuse the connection although the "
			"server is fine",
		.remedy = "add %(server|the service address) to "
			"--apiserver-cert-extra-sans and make the certificate "
			"anew",
		.clause = "RFC 6125 section 6",
	},
	[CAUSE_API_CERT_CA] = {
		.token = "api-cert-ca",
		.sentence = "the API server's certificate at %(server|its "
			"address) is not signed by the cluster's authority",
		.means = "somebody else answers there, or the authority was "
			"changed and pods still have the old one",
		.remedy = "compare the server's certificate with ConfigMap "
			"kube-root-ca.crt, and start pods anew after a "
			"change of authority",
		.clause = "kubernetes.io: service account tokens",
	},
	[CAUSE_API_CERT_EXPIRED] = {
		.token = "api-cert-expired",
		.sentence = "the API server's certificate at %(server|its "
			"address) is out of its time",
		.means = "TLS clients refuse the connection although the "
			"server is fine; or this node's clock is wrong",
		.remedy = "renew the certificate (`kubeadm certs renew "
			"apiserver`), and compare the clocks",
		.clause = "RFC 5280 section 4.1.2.5",
	},
	[CAUSE_API_TOKEN] = {
		.token = "api-token",
		.sentence = "the API server does not accept the pod's token "
			"(401)",
		.means = "the token has run out, belongs to a pod that is "
			"gone, or to another issuer",
		.remedy = "read the projected token anew for each connection",
		.clause = "kubernetes.io: service account tokens",
	},
	[CAUSE_API_RBAC] = {
		.token = "api-rbac",
		.sentence = "the API server knows the pod's ServiceAccount and "
			"forbids the call (403)",
		.means = "network and TLS are fine; a Role or its binding is "
			"missing",
		.remedy = "bind the documented Role to the ServiceAccount",
		.clause = "kubernetes.io: RBAC",
	},
	[CAUSE_KUBELET_CERT] = {
		.token = "kubelet-cert",
		.sentence = "the API server does not accept the certificate of "
			"the kubelet of %(node|a node) at %(dst|its address)",
		.means = "pods and their networks are fine; logs, exec and "
			"port-forward are refused by the API server itself",
		.remedy = "give the kubelet a serving certificate that names "
			"the node's IPv6 InternalIP and is signed by "
			"--kubelet-certificate-authority "
			"(serverTLSBootstrap, and approve its requests)",
		.clause = "kubernetes.io: control plane-node communication",
	},
	[CAUSE_KUBELET_REFUSES] = {
		.token = "kubelet-refuses",
		.sentence = "the kubelet of %(node|a node) refuses the API "
			"server's identity",
		.means = "the way is open; logs, exec and port-forward are "
			"refused by the node",
		.remedy = "let the kubelet trust the authority of "
			"--kubelet-client-certificate, and bind ClusterRole "
			"system:kubelet-api-admin to the name in it",
		.clause = "kubernetes.io: kubelet authentication/authorization",
	},
	[CAUSE_KUBELET_UNREACHABLE] = {
		.token = "kubelet-unreachable",
		.sentence = "the API server does not reach the kubelet of "
			"%(node|a node) at %(dst|its port 10250)",
		.means = "pods run and reach each other; their logs, exec and "
			"port-forward are not to be had",
		.remedy = "let the control plane connect to TCP 10250 of each "
			"node's IPv6 address (firewall, security group, the "
			"tunnel to the nodes), and see that the kubelet runs",
		.clause = "kubernetes.io: control plane-node communication",
	},
	[CAUSE_API_POD_PATH] = {
		.token = "api-pod-path",
		.sentence = "the API server does not reach pods of "
			"%(node|a node) at %(dst|their addresses)",
		.means = "pods reach each other; proxies, webhooks and "
			"aggregated APIs, which the API server calls, do not "
			"work",
		.remedy = "give the control plane a route to the pods' range "
			"(or put that range into its tunnel), and let it pass "
			"policies",
		.clause = "kubernetes.io: control plane-node communication",
	},
	[CAUSE_NODE_STATE] = {
		.token = "node-state",
		.sentence = "the network of %(node|the node) is not in its "
			"described state",
		.means = "something changed what netsetup had set",
		.remedy = "run `netsetup plan` to see the difference, "
			"`netsetup apply` to put it right",
		.clause = "netsetup(8)",
	},
	[CAUSE_UNEXPLAINED] = {
		.token = "unexplained",
		.sentence = "%(check|a check) fails from %(vantage|a vantage), "
			"and no known cause fits",
		.means = "the evidence below is all that was seen",
		.remedy = "look at the failed checks; `scenario exec` and "
			"`probe-* --explain` show more",
		.clause = "",
	},
};
static_assert(ARRAY_SIZE(causes) == CAUSE_MAX, "every cause needs its row");
