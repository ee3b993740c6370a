/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/api-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)
DEFINE_CLEANUP(char *, curl_free)

/**
 * api_where() - Where the server of the kubeconfig is
 * @api:	The client
 * @ret_host:	Name or address, an IPv6 one without brackets
 * @ret_port:	Port
 *
 * Return: 0, -EINVAL for what is no URL of https
 */
int api_where(const struct api *api, char ret_host[254], unsigned int *ret_port)
{
	_cleanup_(curl_url_cleanupp) CURLU *url = curl_url();
	_cleanup_(curl_freep) char *scheme = NULL;
	_cleanup_(curl_freep) char *host = NULL;
	_cleanup_(curl_freep) char *port = NULL;
	size_t bracket;

	if (!url || curl_url_set(url, CURLUPART_URL, api_server(api), 0) ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ||
	    strcmp(scheme, "https") != 0)
		return -EINVAL;
	bracket = host[0] == '[';
	(void)snprintf(ret_host, 254, "%.*s", (int)strcspn(host + bracket, "]"),
		       host + bracket);
	*ret_port = (unsigned int)strtoul(port, NULL, 10);
	return 0;
}
