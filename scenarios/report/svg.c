/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg: a picture of the lab, the failing path and hop marked
 *
 * Rows from top to bottom: hosts behind hosts, hosts, the router, nodes with their pods
 * inside. Colours are CSS variables, so that the page's light and dark mode apply.
 */
#include "lib/cleanup.h"
#include "scenarios/report/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOX_W  172
#define BOX_H  58
#define GAP    20
#define MARGIN 24
#define POD_H  40

/* Where a member is drawn. */
struct spot {
	int x, y, w, h;
	unsigned int row;
};

enum row { ROW_BEHIND, ROW_HOSTS, ROW_ROUTER, ROW_NODES, ROW_MAX };

struct picture {
	const struct report *report;
	const struct topology *t;
	struct spot *spots;
	int width, height;
	const struct topology_member *from, *hop; /* of the failing path */
};

static const char style[] =
	".box{fill:var(--card,#fff);stroke:var(--line,#9aa4b2)}"
	".node{fill:var(--tint,#eef3fb);stroke:var(--line,#9aa4b2)}"
	".wire{stroke:var(--line,#9aa4b2);stroke-width:1.5;fill:none}"
	".bad{stroke:var(--fail,#c62828);stroke-width:2.5}"
	".path{stroke:var(--fail,#c62828);stroke-width:3;"
	"stroke-dasharray:7 5;fill:none}"
	".name{font:600 14px system-ui,sans-serif;fill:var(--text,#1b2430)}"
	".sub{font:11px ui-monospace,monospace;fill:var(--dim,#5b6675)}"
	".cross{stroke:var(--fail,#c62828);stroke-width:4;"
	"stroke-linecap:round}";

/**
 * linked() - Whether two members share a link
 * @t:		Topology
 * @a:		One
 * @b:		Other
 *
 * Return: true where they do
 */
static bool linked(const struct topology *t, const struct topology_member *a,
		   const struct topology_member *b)
{
	size_t i;

	for (i = 0; i < t->n_links; i++) {
		const struct topology_link *l = &t->links[i];

		if ((!strcmp(l->a, a->name) && !strcmp(l->b, b->name)) ||
		    (!strcmp(l->b, a->name) && !strcmp(l->a, b->name)))
			return true;
	}
	return false;
}

/**
 * router_of() - The router of a topology
 * @t:		Topology
 *
 * Return: the first one, or NULL
 */
static const struct topology_member *router_of(const struct topology *t)
{
	size_t i;

	for (i = 0; i < t->n_members; i++)
		if (strcmp(t->members[i].kind, "router") == 0)
			return &t->members[i];
	return NULL;
}

/**
 * row_of() - The row a member is drawn in
 * @t:		Topology
 * @m:		Member
 *
 * Return: its row; ROW_MAX for a pod, which lies in its node
 */
static enum row row_of(const struct topology *t,
		       const struct topology_member *m)
{
	const struct topology_member *router = router_of(t);

	if (strcmp(m->kind, "pod") == 0)
		return ROW_MAX;
	if (strcmp(m->kind, "node") == 0)
		return ROW_NODES;
	if (strcmp(m->kind, "router") == 0)
		return ROW_ROUTER;
	if (!t->n_links || !router || linked(t, m, router))
		return ROW_HOSTS;
	return ROW_BEHIND;
}

/**
 * pods_of() - How many pods a node has
 * @t:		Topology
 * @node:	The node
 *
 * Return: their number
 */
static int pods_of(const struct topology *t, const struct topology_member *node)
{
	size_t i;
	int n = 0;

	for (i = 0; i < t->n_members; i++)
		if (!strcmp(t->members[i].kind, "pod") &&
		    !strcmp(t->members[i].node, node->name))
			n++;
	return n;
}

/**
 * place() - Give each member its spot
 * @p:		Picture; its spots, width and height are set
 */
static void place(struct picture *p)
{
	int count[ROW_MAX] = { 0 }, at[ROW_MAX], y[ROW_MAX];
	int total[ROW_MAX] = { 0 }, pods = 0, top = MARGIN;
	const struct topology *t = p->t;
	size_t i, k;

	for (i = 0; i < t->n_members; i++) {
		struct spot *s = &p->spots[i];
		int inside = pods_of(t, &t->members[i]);

		s->row = row_of(t, &t->members[i]);
		s->w = s->row == ROW_NODES ?
			       MAX(BOX_W + GAP, 100 * inside + GAP) :
			       BOX_W;
		s->h = s->row == ROW_NODES && inside ? BOX_H + POD_H + GAP :
						       BOX_H;
		pods = MAX(pods, inside);
		if (s->row == ROW_MAX)
			continue;
		count[s->row]++;
		total[s->row] += s->w + GAP;
	}
	for (i = 0; i < ROW_MAX; i++) {
		p->width = MAX(p->width, total[i] + 2 * MARGIN);
		y[i] = top;
		if (count[i])
			top += BOX_H + 52;
	}
	p->height = top + (pods ? POD_H + GAP : 0) - 52 + MARGIN;
	for (i = 0; i < ROW_MAX; i++)
		at[i] = (p->width - total[i] + GAP) / 2;
	for (i = 0; i < t->n_members; i++) {
		struct spot *s = &p->spots[i];
		int n = 0;

		if (s->row == ROW_MAX)
			continue;
		s->x = at[s->row];
		s->y = y[s->row];
		at[s->row] += s->w + GAP;
		for (k = 0; k < t->n_members; k++) {
			if (strcmp(t->members[k].kind, "pod") ||
			    strcmp(t->members[k].node, t->members[i].name))
				continue;
			p->spots[k] = (struct spot){ s->x + 12 + 100 * n++,
						     s->y + BOX_H, 90, POD_H,
						     ROW_MAX };
		}
	}
}

/**
 * spot_of() - Where a member is drawn
 * @p:		Picture
 * @m:		Member of its topology
 *
 * Return: its spot
 */
static const struct spot *spot_of(const struct picture *p,
				  const struct topology_member *m)
{
	return &p->spots[m - p->t->members];
}

/**
 * wire() - Draw a line between two members, edge to edge
 * @p:		Picture
 * @a:		One
 * @b:		Other
 * @class:	CSS class
 * @out:	Buffer
 */
static void wire(const struct picture *p, const struct topology_member *a,
		 const struct topology_member *b, const char *class,
		 struct buf *out)
{
	const struct spot *u = spot_of(p, a), *v = spot_of(p, b);
	int ux = u->x + u->w / 2, vx = v->x + v->w / 2;
	int uy, vy, mid;

	if (u->y > v->y) {
		const struct spot *w = u;
		int x = ux;

		u = v;
		v = w;
		ux = vx;
		vx = x;
	}
	uy = u->y + u->h;
	vy = v->y;
	mid = (uy + vy) / 2;
	buf_printf(out, "<path class=\"%s\" d=\"M%d %dC%d %d %d %d %d %d\"/>\n",
		   class, ux, uy, ux, mid, vx, mid, vx, vy);
}

/**
 * put_member() - Draw a member
 * @p:		Picture
 * @m:		Member
 * @out:	Buffer
 */
static void put_member(const struct picture *p, const struct topology_member *m,
		       struct buf *out)
{
	const struct spot *s = spot_of(p, m);
	bool pod = s->row == ROW_MAX;
	const char *slash = strchr(m->name, '/');

	buf_puts(out, "<g><title>");
	report_escape(out, m->name);
	for (size_t i = 0; i < m->n_addresses; i++) {
		buf_putc(out, ' ');
		report_escape(out, m->address[i]);
	}
	buf_printf(out,
		   "</title><rect class=\"%s%s\" x=\"%d\" y=\"%d\" "
		   "width=\"%d\" height=\"%d\" rx=\"8\"/>",
		   s->row == ROW_NODES ? "node" : "box",
		   m == p->hop ? " bad" : "", s->x, s->y, s->w, s->h);
	buf_printf(out, "<text class=\"name\" x=\"%d\" y=\"%d\">", s->x + 10,
		   s->y + (pod ? 17 : 22));
	report_escape(out, pod && slash ? slash + 1 : m->name);
	buf_puts(out, "</text>");
	if (!pod && m->n_addresses) {
		buf_printf(out, "<text class=\"sub\" x=\"%d\" y=\"%d\">",
			   s->x + 10, s->y + 39);
		report_escape(out, m->address[0]);
		buf_puts(out, "</text>");
	} else if (pod) {
		buf_printf(out,
			   "<text class=\"sub\" x=\"%d\" y=\"%d\">pod</text>",
			   s->x + 10, s->y + 32);
	}
	if (m == p->hop)
		buf_printf(out,
			   "<path class=\"cross\" d=\"M%d %dl14 14m0 -14l-14 "
			   "14\"/>",
			   s->x + s->w - 24, s->y + 8);
	buf_puts(out, "</g>\n");
}

/**
 * find_path() - From where to where the failing path is drawn
 * @p:		Picture; .from and .hop are set where they are known
 */
static void find_path(struct picture *p)
{
	const struct finding *f = &p->report->diagnosis.primary;
	size_t i;

	if (f->cause == CAUSE_NONE)
		return;
	p->hop = topology_find(p->t, f->hop);
	if (!p->hop && strncmp(f->hop, "fe80:", 5) == 0)
		p->hop = router_of(p->t);
	if (!p->hop && *f->node)
		p->hop = topology_find(p->t, f->node);
	for (i = 0; i < p->report->results.n && !p->from; i++)
		if (p->report->results.items[i].verdict == VERDICT_FAIL)
			p->from = topology_find(
				p->t, p->report->results.items[i].vantage);
}

/**
 * put_wires() - Draw all links, then the failing path
 * @p:		Picture
 * @out:	Buffer
 */
static void put_wires(const struct picture *p, struct buf *out)
{
	const struct topology_member *router = router_of(p->t), *node;
	const struct topology *t = p->t;
	size_t i, k;

	for (i = 0; i < t->n_members; i++) {
		for (k = i + 1; k < t->n_members; k++) {
			const struct topology_member *a = &t->members[i];
			const struct topology_member *b = &t->members[k];

			if (p->spots[i].row == ROW_MAX ||
			    p->spots[k].row == ROW_MAX)
				continue;
			if (t->n_links ? linked(t, a, b) :
					 (a == router || b == router))
				wire(p, a, b, "wire", out);
		}
	}
	if (!p->from || !p->hop || p->from == p->hop)
		return;
	node = *p->from->node ? topology_find(t, p->from->node) : p->from;
	if (!node)
		return;
	if (router && node != router)
		wire(p, node, router, "path", out);
	if (router && p->hop != router && p->hop != node &&
	    spot_of(p, p->hop)->row != ROW_MAX)
		wire(p, router, p->hop, "path", out);
}

/**
 * report_draw() - Draw the topology of a report
 * @report:	Finished report
 * @standalone:	A file of its own, with its XML namespace and its dark mode
 * @out:	Buffer; gets nothing where no topology is known
 */
void report_draw(const struct report *report, bool standalone, struct buf *out)
{
	const struct topology *t = &report->topology;
	struct picture p = { .report = report, .t = t };
	size_t i;

	if (!t->n_members)
		return;
	p.spots = calloc(t->n_members, sizeof(*p.spots));
	if (!p.spots) {
		out->error = out->error ? out->error : -ENOMEM;
		return;
	}
	place(&p);
	find_path(&p);
	buf_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
		   "viewBox=\"0 0 %d %d\" aria-label=\"topology of the lab\">\n"
		   "<style>%s%s</style>\n",
		   p.width, p.height, style,
		   standalone ?
			   "@media(prefers-color-scheme:dark){svg{"
			   "--card:#1d2530;--tint:#16202c;--line:#5b6b7f;"
			   "--text:#e6ebf2;--dim:#9fb0c3;--fail:#ff6b6b}}" :
			   "");
	put_wires(&p, out);
	for (i = 0; i < t->n_members; i++)
		if (p.spots[i].row != ROW_MAX)
			put_member(&p, &t->members[i], out);
	for (i = 0; i < t->n_members; i++)
		if (p.spots[i].row == ROW_MAX)
			put_member(&p, &t->members[i], out);
	buf_puts(out, "</svg>\n");
	free(p.spots);
}

/**
 * render() - Write the picture as a file of its own
 * @report:	Finished report
 * @options:	Not used
 * @out:	Buffer
 *
 * Return: 0, -ENOMEM or -EFBIG
 */
static int render(const struct report *report,
		  const struct report_options *options, struct buf *out)
{
	(void)options;
	report_draw(report, true, out);
	return buf_error(out);
}

const struct report_format report_svg = {
	.name = "svg",
	.summary = "a picture of the topology",
	.render = render,
};
