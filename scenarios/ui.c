/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/ui.h"

#include "lib/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/**
 * wanted_signals() - The signals by which a user ends us
 * @signals:	Set
 *
 * Not those that who started us has ignored: nohup, or a shell for its background jobs.
 */
static void wanted_signals(sigset_t *signals)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction now;

	(void)sigemptyset(signals);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (sigaction(all[i], NULL, &now) == 0 &&
		    now.sa_handler != SIG_IGN)
			(void)sigaddset(signals, all[i]);
}

/**
 * ui_init() - Look where standard error goes
 * @ui:		Memory for it
 */
void ui_init(struct ui *ui)
{
	const char *term = getenv("TERM");
	sigset_t signals;

	*ui = (struct ui){
		.terminal = isatty(STDERR_FILENO) &&
			    !(term && strcmp(term, "dumb") == 0),
		.begin_ns = loop_now(),
	};
	wanted_signals(&signals);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
}

/**
 * ui_interrupted() - Whether the user wants no more
 * @ui:		Keeps the signal for ui_die()
 *
 * Return: whether
 */
bool ui_interrupted(struct ui *ui)
{
	const struct timespec at_once = { 0 };
	sigset_t signals;
	int signal;

	wanted_signals(&signals);
	signal = sigtimedwait(&signals, NULL, &at_once);
	if (signal > 0)
		ui->signal = signal;
	return ui->signal != 0;
}

/**
 * ui_die() - Die of the signal that has come, now that all is tidy
 * @ui:		Nothing happens if none has
 */
void ui_die(struct ui *ui)
{
	sigset_t signals;

	if (!ui_interrupted(ui))
		return;
	wanted_signals(&signals);
	(void)raise(ui->signal);
	(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

/**
 * paint() - Paint the line of the present step
 * @ui:		Step
 * @mark:	What stands before it
 * @end:	What stands behind it: a newline where it has ended
 */
static void paint(const struct ui *ui, const char *mark, const char *end)
{
	double seconds = (double)(loop_now() - ui->step_ns) / 1e9;

	(void)fprintf(stderr, "\r\033[K%s %.60s  %.1f s%s", mark, ui->step,
		      seconds, end);
	(void)fflush(stderr);
}

/**
 * ui_end() - The present step has ended
 * @ui:		Step, then none
 */
void ui_end(struct ui *ui)
{
	if (ui->terminal && ui->step[0])
		paint(ui, "*", "\n");
	ui->step[0] = '\0';
}

/**
 * ui_step() - Something else is being done now
 * @ui:		Where to show it
 * @text:	What
 */
void ui_step(struct ui *ui, const char *text)
{
	ui_end(ui);
	(void)snprintf(ui->step, sizeof(ui->step), "%s", text);
	ui->step_ns = loop_now();
	ui->next_ns = 0;
	if (ui->terminal)
		ui_tick(ui);
	else
		(void)fprintf(stderr, "%5.1f s  %s\n",
			      (double)(ui->step_ns - ui->begin_ns) / 1e9, text);
}

/**
 * ui_error() - Say why something failed
 * @ui:		Where to show it
 * @text:	Why
 */
void ui_error(struct ui *ui, const char *text)
{
	if (ui->terminal && ui->step[0])
		(void)fprintf(stderr, "\r\033[K");
	log_error("%s", text);
}

/**
 * ui_tick() - Paint the present step anew if it is time to
 * @ui:		Step
 */
void ui_tick(struct ui *ui)
{
	static const char *const marks[] = { "-", "\\", "|", "/" };
	int64_t now = loop_now();

	if (!ui->terminal || !ui->step[0] || now < ui->next_ns)
		return;
	paint(ui, marks[ui->tick++ % ARRAY_SIZE(marks)], "");
	ui->next_ns = now + UI_PERIOD_NS;
}
