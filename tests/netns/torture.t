#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The short version of make torture.

KILLS=60 REPORT=${TMPDIR:-/tmp}/report.json exec "$(dirname "$0")/../torture/torture"
