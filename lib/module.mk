# SPDX-License-Identifier: Apache-2.0
srcs-lib += $(wildcard lib/*.c lib/nl/*.c lib/diagnosis/*.c)
libs-lib += libcjson yaml-0.1 libcurl libcares libmnl
