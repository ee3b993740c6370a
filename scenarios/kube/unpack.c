/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/unpack.h"

#include "lib/buf.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK         (1UL << 18)
#define UNPACK_MEMORY (256UL << 20) /* of the decoder */

/* One file on its way. */
struct unpacking {
	lzma_stream z;
	EVP_MD_CTX *sum;
	FILE *in, *out;
	unsigned char input[CHUNK], output[CHUNK];
};

/**
 * unpacking_free() - End it; files are closed
 * @u:		What was allocated, or NULL
 */
static void unpacking_free(struct unpacking *u)
{
	if (!u)
		return;
	lzma_end(&u->z);
	EVP_MD_CTX_free(u->sum);
	if (u->in)
		(void)fclose(u->in);
	if (u->out)
		(void)fclose(u->out);
	free(u);
}
DEFINE_CLEANUP(struct unpacking *, unpacking_free)

/**
 * give_out() - Write what the decoder has made so far, and sum it
 * @u:		The file
 *
 * Return: 0 or errno
 */
static int give_out(struct unpacking *u)
{
	size_t n = CHUNK - u->z.avail_out;

	u->z.next_out = u->output;
	u->z.avail_out = CHUNK;
	if (!EVP_DigestUpdate(u->sum, u->output, n))
		return -ENOMEM;
	return fwrite(u->output, 1, n, u->out) == n ? 0 : -errno;
}

/**
 * pump() - Decode all of it
 * @u:		The file, opened
 *
 * Return: 0, -EBADMSG for what is no xz, -ENOMEM, or errno
 */
static int pump(struct unpacking *u)
{
	lzma_ret lr = LZMA_OK;
	int r;

	u->z.next_out = u->output;
	u->z.avail_out = CHUNK;
	while (lr == LZMA_OK) {
		if (u->z.avail_in == 0) {
			u->z.next_in = u->input;
			u->z.avail_in = fread(u->input, 1, CHUNK, u->in);
		}
		lr = lzma_code(&u->z, feof(u->in) ? LZMA_FINISH : LZMA_RUN);
		r = give_out(u);
		if (r < 0)
			return r;
	}
	if (ferror(u->in))
		return -EIO;
	return lr == LZMA_STREAM_END ? 0 : -EBADMSG;
}

/**
 * sum_matches() - Compare with the line of SHA256SUMS
 * @u:		The file, decoded
 * @name:	Its name
 * @sums:	Folder of SHA256SUMS
 *
 * Return: 0, -EBADMSG where it is another or not listed, or errno
 */
static int sum_matches(struct unpacking *u, const char *name, const char *sums)
{
	_cleanup_(buf_release) struct buf list = BUF_INIT;
	_cleanup_(buf_release) struct buf want = BUF_INIT;
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int n = sizeof(sum);
	char path[4096];
	int r;

	(void)snprintf(path, sizeof(path), "%s/SHA256SUMS", sums);
	r = buf_read_file(&list, path);
	if (r < 0)
		return r;
	if (!EVP_DigestFinal_ex(u->sum, sum, &n))
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		buf_printf(&want, "%02x", sum[i]);
	buf_printf(&want, "  %s\n", name);
	r = buf_error(&want);
	if (r < 0)
		return r;
	return strstr(buf_text(&list), want.data) ? 0 : -EBADMSG;
}

/**
 * unpack_checked() - Unpack one program, see unpack.h
 * @source:	The packed file
 * @target:	Where to
 * @name:	Its name in SHA256SUMS
 * @sums:	Folder of SHA256SUMS
 *
 * Return: 0, -EBADMSG, -ENOMEM, or errno
 */
int unpack_checked(const char *source, const char *target, const char *name,
		   const char *sums)
{
	_cleanup_(unpacking_freep) struct unpacking *u = calloc(1, sizeof(*u));
	_cleanup_free_ char *temporary = NULL;
	int r;

	if (!u || asprintf(&temporary, "%s.new", target) < 0)
		return -ENOMEM;
	u->sum = EVP_MD_CTX_new();
	if (!u->sum || !EVP_DigestInit_ex(u->sum, EVP_sha256(), NULL) ||
	    lzma_stream_decoder(&u->z, UNPACK_MEMORY, 0) != LZMA_OK)
		return -ENOMEM;
	u->in = fopen(source, "re");
	if (!u->in)
		return -errno;
	u->out = fopen(temporary, "we");
	if (!u->out)
		return -errno;

	r = pump(u);
	if (r == 0)
		r = sum_matches(u, name, sums);
	if (r == 0 && fflush(u->out) != 0)
		r = -errno;
	if (r == 0 && fchmod(fileno(u->out), 0755) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, target) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}
