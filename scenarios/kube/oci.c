/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/oci.h"

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/loop.h"
#include "lib/proc.h"
#include "scenarios/kube/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define OCI_BYTES  (512UL << 20) /* of a layer: hyperkube alone has 129 MiB */
#define OCI_LAYER  "application/vnd.oci.image.layer.v1.tar"
#define OCI_DIGEST 72 /* "sha256:" and 64 digits, NUL */

#ifdef __aarch64__
#define OCI_ARCH "arm64"
#else
#define OCI_ARCH "amd64"
#endif

struct oci_entry {
	char *path;
	char *source; /* file to read, or NULL */
	char *text; /* content, or target of a link, or NULL */
	unsigned int mode;
	uint32_t capabilities;
	char type; /* as in tar */
};

/**
 * oci_release() - Free an image's list of files
 * @image:	The image
 */
void oci_release(struct oci *image)
{
	for (size_t i = 0; i < image->n_entries; i++) {
		free(image->entries[i].path);
		free(image->entries[i].source);
		free(image->entries[i].text);
	}
	free(image->entries);
	buf_release(&image->problem);
	*image = (struct oci){ 0 };
}

/**
 * oci_fail() - Remember the first failure
 * @image:	The image
 * @error:	Negative errno
 * @subject:	What it is about
 *
 * Return: @error
 */
static int oci_fail(struct oci *image, int error, const char *subject)
{
	if (!image->error) {
		image->error = error;
		buf_printf(&image->problem, "image '%s': '%s': %s",
			   image->reference, subject, strerror(-error));
	}
	return error;
}

/**
 * has_entry() - Whether a path is in the image already
 * @image:	The image
 * @path:	The path, without a leading '/'
 *
 * Return: true where it is
 */
static bool has_entry(const struct oci *image, const char *path)
{
	for (size_t i = 0; i < image->n_entries; i++)
		if (strcmp(image->entries[i].path, path) == 0)
			return true;
	return false;
}

/**
 * add_entry() - Append an entry, its folders first
 * @image:	The image
 * @path:	Path, with or without a leading '/'; there already: nothing is done
 * @entry:	What it is; .path is set here, other texts are copied
 */
static void add_entry(struct oci *image, const char *path,
		      struct oci_entry entry)
{
	_cleanup_free_ char *parent = NULL;
	struct oci_entry *more;
	char *slash;

	path += *path == '/';
	if (image->error || has_entry(image, path))
		return;
	parent = strdup(path);
	slash = parent ? strrchr(parent, '/') : NULL;
	if (slash) {
		*slash = '\0';
		oci_add_folder(image, parent, 0755);
	}

	more = reallocarray(image->entries, image->n_entries + 1,
			    sizeof(*more));
	if (!more) {
		oci_fail(image, -ENOMEM, path);
		return;
	}
	image->entries = more;
	entry.path = strdup(path);
	entry.source = entry.source ? strdup(entry.source) : NULL;
	entry.text = entry.text ? strdup(entry.text) : NULL;
	if (!entry.path)
		oci_fail(image, -ENOMEM, path);
	else
		more[image->n_entries++] = entry;
}

/**
 * oci_add_file() - Add a file of the machine
 * @image:	The image
 * @path:	Where in the image
 * @mode:	Permission bits
 * @source:	Path of the file here
 */
void oci_add_file(struct oci *image, const char *path, unsigned int mode,
		  const char *source)
{
	add_entry(image, path,
		  (struct oci_entry){ .type = '0',
				      .mode = mode,
				      .source = (char *)source });
}

/**
 * oci_add_text() - Add a file by its content
 * @image:	The image
 * @path:	Where in the image
 * @mode:	Permission bits
 * @text:	Content
 */
void oci_add_text(struct oci *image, const char *path, unsigned int mode,
		  const char *text)
{
	add_entry(image, path,
		  (struct oci_entry){
			  .type = '0', .mode = mode, .text = (char *)text });
}

/**
 * oci_add_folder() - Add a folder
 * @image:	The image
 * @path:	Where in the image
 * @mode:	Permission bits
 */
void oci_add_folder(struct oci *image, const char *path, unsigned int mode)
{
	add_entry(image, path, (struct oci_entry){ .type = '5', .mode = mode });
}

/**
 * oci_add_link() - Add a symbolic link
 * @image:	The image
 * @path:	Where in the image
 * @target:	What it points to
 */
void oci_add_link(struct oci *image, const char *path, const char *target)
{
	add_entry(image, path,
		  (struct oci_entry){
			  .type = '2', .mode = 0777, .text = (char *)target });
}

/**
 * find_loader() - The loader a program names, if it is a dynamic one
 * @elf:	The program's bytes
 * @len:	How many
 *
 * The name stands in the interpreter segment, which linkers put into the first page;
 * a static program has none.
 *
 * Return: its path inside @elf, or NULL
 */
static const char *find_loader(const char *elf, size_t len)
{
	static const char *const prefixes[] = { "/lib64/ld-linux",
						"/lib/ld-linux",
						"/lib/ld-musl" };
	size_t scan = MIN(len, (size_t)4096);
	const char *found;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		found = memmem(elf, scan, prefixes[i], strlen(prefixes[i]));
		if (found && memchr(found, '\0', len - (size_t)(found - elf)))
			return found;
	}
	return NULL;
}

/**
 * add_libraries() - Add what the loader says a program needs
 * @image:	The image
 * @listing:	Output of `ld.so --list PROGRAM`, cut up here
 *
 * Lines are "\tlibz.so.1 => /lib/x/libz.so.1 (0x..)" or "\t/lib64/ld.so (0x..)".
 */
static void add_libraries(struct oci *image, char *listing)
{
	char *line, *path;

	while ((line = strsep(&listing, "\n"))) {
		path = strchr(line, '/');
		if (!path)
			continue;
		path[strcspn(path, " (")] = '\0';
		oci_add_file(image, path, 0755, path);
	}
}

/**
 * oci_add_program() - Add a program and the shared libraries it needs
 * @image:	The image
 * @path:	Where in the image
 * @source:	The program
 */
void oci_add_program(struct oci *image, const char *path, const char *source)
{
	struct proc_opts opts = PROC_OPTS_INIT;
	_cleanup_(buf_release) struct buf elf = { .max = OCI_BYTES };
	_cleanup_(buf_release) struct buf list = BUF_INIT;
	const char *argv[4] = { NULL, "--list", source, NULL };
	int status = 0, r;

	oci_add_file(image, path, 0755, source);
	r = buf_read_file(&elf, source);
	if (r < 0) {
		oci_fail(image, r, source);
		return;
	}
	argv[0] = find_loader(buf_text(&elf), elf.len);
	if (!argv[0])
		return;
	oci_add_file(image, argv[0], 0755, argv[0]);
	r = proc_run(argv, &opts, NULL, loop_now() + 60 * NSEC_PER_SEC, &list,
		     NULL, &status);
	if (r == 0 && status != 0)
		r = -ENOEXEC;
	if (r < 0)
		oci_fail(image, r, source);
	else if (list.data)
		add_libraries(image, list.data);
}

/**
 * oci_permit() - Let a program have capabilities, where its container may
 * @image:	The image
 * @path:	Where in the image the program is; not there: nothing is done
 * @capabilities: Mask of those below 32
 */
void oci_permit(struct oci *image, const char *path, uint32_t capabilities)
{
	for (size_t i = 0; i < image->n_entries; i++)
		if (strcmp(image->entries[i].path, path) == 0)
			image->entries[i].capabilities = capabilities;
}

/**
 * digest() - "sha256:HEX" of bytes
 * @data:	Bytes
 * @len:	How many
 * @ret:	Gets the text
 *
 * Return: 0 or -ENOMEM
 */
static int digest(const void *data, size_t len, char ret[OCI_DIGEST])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[32];
	unsigned int n = sizeof(sum);
	char *p = ret + 7;

	if (!EVP_Digest(data, len, sum, &n, EVP_sha256(), NULL))
		return -ENOMEM;
	memcpy(ret, "sha256:", 7);
	for (size_t i = 0; i < sizeof(sum); i++) {
		*p++ = hex[sum[i] >> 4];
		*p++ = hex[sum[i] & 15];
	}
	*p = '\0';
	return 0;
}

/**
 * compress_layer() - Gzip a layer, with no time and no name in the header
 * @in:		Bytes
 * @out:	Gets them compressed
 *
 * Return: 0, -ENOMEM, -EFBIG
 */
static int compress_layer(const struct buf *in, struct buf *out)
{
	z_stream z = { .next_in = (unsigned char *)in->data,
		       .avail_in = (unsigned int)in->len };
	_cleanup_free_ unsigned char *chunk = malloc(1 << 16);
	int zr;

	if (!chunk ||
	    deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 9,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		z.next_out = chunk;
		z.avail_out = 1 << 16;
		zr = deflate(&z, Z_FINISH);
		buf_add(out, chunk, (1 << 16) - z.avail_out);
	} while (zr == Z_OK || zr == Z_BUF_ERROR);
	(void)deflateEnd(&z);
	return zr == Z_STREAM_END ? buf_error(out) : -ENOMEM;
}

/**
 * by_path() - Order entries by path, so that folders come before what is in them
 * @a:		One entry
 * @b:		Another
 *
 * Return: as strcmp()
 */
static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct oci_entry *)a)->path,
		      ((const struct oci_entry *)b)->path);
}

/**
 * make_layer() - All files as one tar
 * @image:	The image; its entries get sorted
 * @tar:	Gets the archive
 *
 * Return: 0, or what reading a file or memory said, remembered in the image
 */
static int make_layer(struct oci *image, struct buf *tar)
{
	qsort(image->entries, image->n_entries, sizeof(*image->entries),
	      by_path);
	for (size_t i = 0; i < image->n_entries; i++) {
		const struct oci_entry *e = &image->entries[i];
		_cleanup_(buf_release) struct buf file = { .max = OCI_BYTES };
		struct tar_entry entry = { .path = e->path,
					   .type = e->type,
					   .mode = e->mode,
					   .capabilities = e->capabilities };
		int r = 0;

		if (e->source)
			r = buf_read_file(&file, e->source);
		else if (e->type == '0')
			buf_puts(&file, e->text);
		if (r < 0)
			return oci_fail(image, r, e->source);
		entry.link = e->type == '2' ? e->text : NULL;
		entry.data = file.data;
		entry.len = file.len;
		tar_add(tar, &entry);
		if (buf_error(tar) < 0)
			return oci_fail(image, buf_error(tar), e->path);
	}
	tar_end(tar);
	return buf_error(tar);
}

/**
 * make_config() - The image's configuration
 * @image:	The image
 * @diff_id:	Digest of the layer before compression
 * @out:	Gets JSON
 *
 * Return: 0 or -ENOMEM
 */
static int make_config(const struct oci *image, const char *diff_id,
		       struct buf *out)
{
	_cleanup_(json_freep) struct json *root = json_object();
	struct json *config, *entry;

	json_set_string(root, "architecture", OCI_ARCH);
	json_set_string(root, "os", "linux");
	json_set_string(root, "created", "1970-01-01T00:00:00Z");
	config = json_set_object(root, "config");
	if (image->user)
		json_set_string(config, "User", image->user);
	entry = image->entrypoint[0] ? json_set_array(config, "Entrypoint") :
				       NULL;
	for (size_t i = 0; entry && image->entrypoint[i]; i++)
		json_append_string(entry, image->entrypoint[i]);
	json_append_string(json_set_array(config, "Env"),
			   "PATH=/usr/local/bin:/usr/bin:/bin:/");
	entry = json_set_object(root, "rootfs");
	json_set_string(entry, "type", "layers");
	json_append_string(json_set_array(entry, "diff_ids"), diff_id);
	return json_print(root, JSON_COMPACT, out);
}

/**
 * set_blob() - Describe a blob: media type, digest, size
 * @object:	JSON object
 * @type:	Media type
 * @blob:	The bytes
 *
 * Return: 0 or -ENOMEM
 */
static int set_blob(struct json *object, const char *type,
		    const struct buf *blob)
{
	char sum[OCI_DIGEST];
	int r;

	r = digest(blob->data, blob->len, sum);
	if (r < 0)
		return r;
	json_set_string(object, "mediaType", type);
	json_set_string(object, "digest", sum);
	json_set_int(object, "size", (int64_t)blob->len);
	return 0;
}

/**
 * make_manifest() - What the image consists of
 * @image:	The image
 * @config:	Its configuration
 * @layer:	Its layer as it is stored
 * @out:	Gets JSON
 *
 * Return: 0 or -ENOMEM
 */
static int make_manifest(const struct oci *image, const struct buf *config,
			 const struct buf *layer, struct buf *out)
{
	_cleanup_(json_freep) struct json *root = json_object();
	int r;

	json_set_int(root, "schemaVersion", 2);
	json_set_string(root, "mediaType",
			"application/vnd.oci.image.manifest.v1+json");
	r = set_blob(json_set_object(root, "config"),
		     "application/vnd.oci.image.config.v1+json", config);
	if (r < 0)
		return r;
	r = set_blob(json_append_object(json_set_array(root, "layers")),
		     image->compress ? OCI_LAYER "+gzip" : OCI_LAYER, layer);
	if (r < 0)
		return r;
	return json_print(root, JSON_COMPACT, out);
}

/**
 * make_index() - The layout's index: one image, by the names readers look for
 * @image:	The image
 * @manifest:	Its manifest
 * @out:	Gets JSON
 *
 * containerd takes the full name from its own annotation, skopeo and others the tag
 * from OCI's.
 *
 * Return: 0 or -ENOMEM
 */
static int make_index(const struct oci *image, const struct buf *manifest,
		      struct buf *out)
{
	_cleanup_(json_freep) struct json *root = json_object();
	const char *tag = strrchr(image->reference, ':');
	struct json *entry, *notes;
	int r;

	json_set_int(root, "schemaVersion", 2);
	entry = json_append_object(json_set_array(root, "manifests"));
	r = set_blob(entry, "application/vnd.oci.image.manifest.v1+json",
		     manifest);
	if (r < 0)
		return r;
	notes = json_set_object(entry, "annotations");
	json_set_string(notes, "io.containerd.image.name", image->reference);
	json_set_string(notes, "org.opencontainers.image.ref.name",
			tag ? tag + 1 : image->reference);
	return json_print(root, JSON_COMPACT, out);
}

/**
 * add_blob() - Put a blob into the layout
 * @tar:	The layout
 * @blob:	The bytes
 *
 * Return: 0 or -ENOMEM
 */
static int add_blob(struct buf *tar, const struct buf *blob)
{
	char sum[OCI_DIGEST], path[16 + OCI_DIGEST];
	int r;

	r = digest(blob->data, blob->len, sum);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", sum + 7);
	tar_add(tar, &(struct tar_entry){ .path = path,
					  .type = '0',
					  .mode = 0644,
					  .data = blob->data,
					  .len = blob->len });
	return buf_error(tar);
}

/**
 * make_layout() - The whole file
 * @image:	The image
 * @layer:	Its layer, as it is stored
 * @diff_id:	Digest of the layer before compression
 * @tar:	Gets it
 *
 * Return: 0, -ENOMEM, -EFBIG
 */
static int make_layout(const struct oci *image, const struct buf *layer,
		       const char *diff_id, struct buf *tar)
{
	static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	_cleanup_(buf_release) struct buf config = BUF_INIT;
	_cleanup_(buf_release) struct buf manifest = BUF_INIT;
	_cleanup_(buf_release) struct buf index = BUF_INIT;
	const struct buf *blobs[] = { &config, &manifest, layer };
	int r;

	r = make_config(image, diff_id, &config);
	if (r == 0)
		r = make_manifest(image, &config, layer, &manifest);
	if (r == 0)
		r = make_index(image, &manifest, &index);
	if (r < 0)
		return r;

	tar_add(tar, &(struct tar_entry){ .path = "oci-layout",
					  .type = '0',
					  .mode = 0644,
					  .data = version,
					  .len = sizeof(version) - 1 });
	tar_add(tar, &(struct tar_entry){ .path = "index.json",
					  .type = '0',
					  .mode = 0644,
					  .data = index.data,
					  .len = index.len });
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		r = add_blob(tar, blobs[i]);
		if (r < 0)
			return r;
	}
	tar_end(tar);
	return buf_error(tar);
}

/**
 * write_out() - Write a file so that it is there whole or not at all
 * @path:	Its path
 * @data:	Its content
 *
 * Return: 0 or errno
 */
static int write_out(const char *path, const struct buf *data)
{
	_cleanup_free_ char *temporary = NULL;
	_cleanup_close_ int fd = -1;
	size_t done = 0;
	ssize_t n;

	if (asprintf(&temporary, "%s.new", path) < 0)
		return -ENOMEM;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	for (; done < data->len; done += (size_t)n) {
		n = write(fd, data->data + done, data->len - done);
		if (n < 0)
			return -errno;
	}
	return rename(temporary, path) < 0 ? -errno : 0;
}

/**
 * oci_write() - Write the image as an OCI archive
 * @image:	The image
 * @path:	Where to
 *
 * Return: 0, or the first failure; @image->problem says what it was
 */
int oci_write(struct oci *image, const char *path)
{
	_cleanup_(buf_release) struct buf layer = { .max = OCI_BYTES };
	_cleanup_(buf_release) struct buf packed = { .max = OCI_BYTES };
	_cleanup_(buf_release) struct buf layout = { .max = OCI_BYTES };
	char diff_id[OCI_DIGEST];
	int r;

	if (image->error)
		return image->error;
	r = make_layer(image, &layer);
	if (r == 0)
		r = digest(layer.data, layer.len, diff_id);
	if (r == 0 && image->compress)
		r = compress_layer(&layer, &packed);
	if (r == 0)
		r = make_layout(image, image->compress ? &packed : &layer,
				diff_id, &layout);
	if (r == 0)
		r = write_out(path, &layout);
	return r < 0 ? oci_fail(image, r, path) : 0;
}
