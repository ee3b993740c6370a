/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg: a picture of the lab, the failing path and hop marked
 *
 * Rows from top to bottom: hosts behind hosts, hosts, the router, nodes with their pods
 * inside; a row that would become too wide goes on below. A box is as wide as its texts.
 * Colours are CSS variables, so that the page's light and dark mode apply.
 */
#include "lib/cleanup.h"
#include "scenarios/report/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOX_W       150 /* at least */
#define BOX_H       72 /* of a node: without its pods */
#define POD_H       42
#define POD_COLUMNS 2
#define GAP         20
#define LEVEL       48 /* between rows */
#define USUAL_MTU   1500 /* is not written */
#define MARGIN      20
#define WIDTH_MAX   1100 /* of a row; a single box may be wider */

/* Where a member is drawn. */
struct spot {
	int x, y, w, h;
	int line; /* -1: a pod, inside of its node */
};

/* Members side by side. */
struct line {
	int w, h;
};

enum row { ROW_BEHIND, ROW_HOSTS, ROW_ROUTER, ROW_NODES, ROW_MAX };

struct picture {
	const struct report *report;
	const struct topology *t;
	struct spot *spots;
	struct line *lines; /* of as many as there are members */
	int n_lines;
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
	".role{font:11px system-ui,sans-serif;fill:var(--dim,#5b6675)}"
	".mtu{font:10px system-ui,sans-serif;fill:var(--dim,#5b6675);"
	"text-anchor:middle;paint-order:stroke;stroke:var(--card,#fff);"
	"stroke-width:5px}"
	".cross{stroke:var(--fail,#c62828);stroke-width:4;"
	"stroke-linecap:round}";

/**
 * linked() - The link that two members share
 * @t:		Topology
 * @a:		One
 * @b:		Other
 *
 * Return: the link; NULL where there is none
 */
static const struct topology_link *linked(const struct topology *t,
					  const struct topology_member *a,
					  const struct topology_member *b)
{
	size_t i;

	for (i = 0; i < t->n_links; i++) {
		const struct topology_link *l = &t->links[i];

		if ((!strcmp(l->a, a->name) && !strcmp(l->b, b->name)) ||
		    (!strcmp(l->b, a->name) && !strcmp(l->a, b->name)))
			return l;
	}
	return NULL;
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
 * is_pod_of() - Whether a member is a pod of a node
 * @m:		Member
 * @node:	The node
 *
 * Return: true where it is
 */
static bool is_pod_of(const struct topology_member *m,
		      const struct topology_member *node)
{
	return strcmp(m->kind, "pod") == 0 && strcmp(m->node, node->name) == 0;
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
		n += is_pod_of(&t->members[i], node);
	return n;
}

/**
 * text_width() - How wide a box must be for its texts
 * @m:		Member
 *
 * By the fonts' widest usual letters: 8.4, 6.7 and 6 units.
 *
 * Return: units of the picture
 */
static int text_width(const struct topology_member *m)
{
	size_t name = strlen(m->name) * 84;
	size_t address = m->n_addresses ? strlen(m->address[0]) * 67 : 0;
	size_t label = strcmp(m->kind, "pod") ? strlen(m->label) * 60 : 0;

	return (int)MAX(MAX(name, address), label) / 10 + 20;
}

/**
 * head_height() - How high a box is without the pods in it
 * @m:		Member
 *
 * Return: units of the picture
 */
static int head_height(const struct topology_member *m)
{
	return *m->label ? BOX_H : BOX_H - 16;
}

/**
 * pod_width() - How wide each pod is drawn
 * @t:		Topology
 *
 * Return: units of the picture
 */
static int pod_width(const struct topology *t)
{
	int w = 90;

	for (size_t i = 0; i < t->n_members; i++)
		if (strcmp(t->members[i].kind, "pod") == 0)
			w = MAX(w, text_width(&t->members[i]));
	return w;
}

/**
 * put_into_line() - Place a member behind the last one of its row, or in a new line
 * @p:		Picture
 * @i:		Index of the member
 * @row:	Its row
 */
static void put_into_line(struct picture *p, size_t i, enum row row)
{
	const struct topology_member *m = &p->t->members[i];
	int pods = row == ROW_NODES ? pods_of(p->t, m) : 0;
	int columns = MIN(pods, POD_COLUMNS), rows;
	struct line *l = &p->lines[p->n_lines - 1];
	struct spot *s = &p->spots[i];

	rows = (pods + POD_COLUMNS - 1) / POD_COLUMNS;
	s->w = MAX(MAX(BOX_W, text_width(m)),
		   columns * (pod_width(p->t) + 10) + 14);
	s->h = head_height(m) + rows * (POD_H + 10) + (rows ? 4 : 0);
	if (l->w && l->w + GAP + s->w > WIDTH_MAX)
		l = &p->lines[p->n_lines++];
	s->line = p->n_lines - 1;
	s->x = l->w ? l->w + GAP : 0;
	l->w = s->x + s->w;
	l->h = MAX(l->h, s->h);
}

/**
 * place_pods() - Place the pods of a node inside of it
 * @p:		Picture; the node has its place
 * @node:	Index of the node
 */
static void place_pods(struct picture *p, size_t node)
{
	const struct topology *t = p->t;
	const struct spot *s = &p->spots[node];
	int w = pod_width(t), n = 0;

	for (size_t i = 0; i < t->n_members; i++) {
		if (!is_pod_of(&t->members[i], &t->members[node]))
			continue;
		p->spots[i] = (struct spot){
			.x = s->x + 12 + n % POD_COLUMNS * (w + 10),
			.y = s->y + head_height(&t->members[node]) +
			     n / POD_COLUMNS * (POD_H + 10),
			.w = w,
			.h = POD_H,
			.line = -1,
		};
		n++;
	}
}

/**
 * place() - Give each member its spot
 * @p:		Picture; its spots, lines, width and height are set
 */
static void place(struct picture *p)
{
	const struct topology *t = p->t;
	int top = MARGIN;
	size_t i;

	for (enum row row = 0; row < ROW_MAX; row++) {
		/* A row without members leaves its line to the next one. */
		p->n_lines += !p->n_lines || p->lines[p->n_lines - 1].w;
		for (i = 0; i < t->n_members; i++)
			if (row_of(t, &t->members[i]) == row)
				put_into_line(p, i, row);
	}
	for (int l = 0; l < p->n_lines; l++)
		p->width = MAX(p->width, p->lines[l].w + 2 * MARGIN);
	for (int l = 0; l < p->n_lines; l++) {
		for (i = 0; i < t->n_members; i++) {
			struct spot *s = &p->spots[i];

			if (s->line != l ||
			    row_of(t, &t->members[i]) == ROW_MAX)
				continue;
			s->x += (p->width - p->lines[l].w) / 2;
			s->y = top;
			place_pods(p, i);
		}
		top += p->lines[l].h + (p->lines[l].h ? LEVEL : 0);
	}
	p->height = top - LEVEL + MARGIN;
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
 * put_mtu() - Write the MTU of a link beside it, near the end that is not the router
 * @p:		Picture
 * @l:		Link
 * @out:	Buffer
 */
static void put_mtu(const struct picture *p, const struct topology_link *l,
		    struct buf *out)
{
	const struct topology_member *a = topology_find(p->t, l->a);
	const struct topology_member *b = topology_find(p->t, l->b);
	const struct spot *u, *v;
	int x, y;

	if (!l->mtu || l->mtu == USUAL_MTU || !a || !b ||
	    spot_of(p, a)->line < 0 || spot_of(p, b)->line < 0)
		return;
	if (b == router_of(p->t)) {
		u = spot_of(p, b);
		v = spot_of(p, a);
	} else {
		u = spot_of(p, a);
		v = spot_of(p, b);
	}
	x = (u->x + u->w / 2 + 5 * (v->x + v->w / 2)) / 6;
	y = v->y > u->y ? v->y - LEVEL / 4 : v->y + v->h + LEVEL / 3;
	buf_printf(out, "<text class=\"mtu\" x=\"%d\" y=\"%d\">MTU %u</text>\n",
		   x, y, l->mtu);
}

/**
 * put_line() - Write a line of text into a box
 * @s:		Box
 * @class:	CSS class
 * @y:		Below the box's upper edge
 * @text:	Text; "" is not written
 * @out:	Buffer
 */
static void put_line(const struct spot *s, const char *class, int y,
		     const char *text, struct buf *out)
{
	if (!*text)
		return;
	buf_printf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class,
		   s->x + 10, s->y + y);
	report_escape(out, text);
	buf_puts(out, "</text>");
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
	bool pod = strcmp(m->kind, "pod") == 0;
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
		   strcmp(m->kind, "node") == 0 ? "node" : "box",
		   m == p->hop ? " bad" : "", s->x, s->y, s->w, s->h);
	put_line(s, "name", pod ? 18 : 22, pod && slash ? slash + 1 : m->name,
		 out);
	put_line(s, "sub", pod ? 33 : 40, m->n_addresses ? m->address[0] : "",
		 out);
	put_line(s, "role", 57, pod ? "" : m->label, out);
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
			bool joined = t->n_links ? linked(t, a, b) != NULL :
						   a == router || b == router;

			if (p->spots[i].line < 0 || p->spots[k].line < 0 ||
			    !joined)
				continue;
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
	    spot_of(p, p->hop)->line >= 0)
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
	p.lines = calloc(t->n_members + ROW_MAX, sizeof(*p.lines));
	if (!p.spots || !p.lines) {
		free(p.spots);
		free(p.lines);
		out->error = out->error ? out->error : -ENOMEM;
		return;
	}
	place(&p);
	find_path(&p);
	buf_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
		   "viewBox=\"0 0 %d %d\" width=\"%d\" "
		   "aria-label=\"topology of the lab\">\n"
		   "<style>%s%s</style>\n",
		   p.width, p.height, p.width, style,
		   standalone ?
			   "@media(prefers-color-scheme:dark){svg{"
			   "--card:#1d2530;--tint:#16202c;--line:#5b6b7f;"
			   "--text:#e6ebf2;--dim:#9fb0c3;--fail:#ff6b6b}}" :
			   "");
	put_wires(&p, out);
	for (i = 0; i < t->n_links; i++)
		put_mtu(&p, &t->links[i], out);
	for (i = 0; i < t->n_members; i++)
		if (p.spots[i].line >= 0)
			put_member(&p, &t->members[i], out);
	for (i = 0; i < t->n_members; i++)
		if (p.spots[i].line < 0)
			put_member(&p, &t->members[i], out);
	buf_puts(out, "</svg>\n");
	free(p.spots);
	free(p.lines);
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
