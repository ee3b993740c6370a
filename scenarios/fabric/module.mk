# SPDX-License-Identifier: Apache-2.0
#
# Stand-ins that the fabric starts in its router; all else of it are Debian's daemons.
progs += fabric-ra fabric-metadata

srcs-fabric-ra := $(wildcard scenarios/fabric/ra/*.c)

srcs-fabric-metadata := $(wildcard scenarios/fabric/metadata/*.c)
libs-fabric-metadata := libmicrohttpd
