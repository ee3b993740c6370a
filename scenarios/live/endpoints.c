/* SPDX-License-Identifier: Apache-2.0 */

/*
 * EndpointSlices: what the API says is behind its own service.
 */
#include "scenarios/live/world.h"

#include <stdio.h>
#include <string.h>

/**
 * world_read_servers() - The API servers' own addresses
 * @api:	The cluster
 * @deadline_ns: When to give up
 * @w:		Gets them; none where we may not know, or where they are IPv4
 */
void world_read_servers(struct api *api, int64_t deadline_ns, struct world *w)
{
	_cleanup_(json_freep) struct json *slice = NULL;
	const struct json *e, *port;

	if (api_get(api,
		    "/apis/discovery.k8s.io/v1/namespaces/default/"
		    "endpointslices/kubernetes",
		    deadline_ns, &slice) < 0)
		return;
	port = json_at(json_get(slice, "ports"), 0);
	w->server_port = (unsigned int)json_get_int(port, "port", 0);
	for (e = json_first(json_get(slice, "endpoints"));
	     e && w->server_port && w->n_servers < WORLD_OTHERS;
	     e = json_next(e)) {
		const char *a =
			json_string(json_at(json_get(e, "addresses"), 0));

		if (!a || !strchr(a, ':') ||
		    !json_get_bool(e, "conditions.ready", true))
			continue;
		(void)snprintf(w->servers[w->n_servers], sizeof(w->servers[0]),
			       "%s", a);
		w->n_servers++;
	}
}
