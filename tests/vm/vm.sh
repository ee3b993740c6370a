# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# vm.sh - machines with other kernels, in qemu without KVM
#
#	vm_need				# exits 77 where it cannot be done
#	vm_build 6.1			# kernel and initramfs, into $VM/6.1
#	vm_start 6.1 NAME SECONDS	# a machine that runs tests/vm/guest-NAME
#	while vm_line; do ...; done	# what that says, line by line, in $line
#	vm_end				# the machine is gone; 0 if its guest ended with 0
#
# The guest speaks to us by a serial line that is a pipe; kernel and init write to
# another one, $VM/SERIES/console. No qemu outlives the shell that started it, however
# that ends: the kernel kills it then (PDEATHSIG).

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${BIN:=$TOP/build/bin}" "${TESTS:=$TOP/build/tests}" "${VM:=$TOP/build/vm}"
export BIN TESTS VM
# Debian 12's own kernel, and the newer one that it has packages of.
read -ra VM_SERIES <<<"${VM_SERIES:-6.1 6.12}"

# vm_skip REASON - say why nothing runs, count it, and exit 77
vm_skip() {
	echo "skip  $1"
	echo '0 passed, 0 failed, 1 skipped'
	exit 77
}

# vm_need - what a machine needs beside the kernel's package; waits for other runs
vm_need() {
	local program

	[ "$(uname -m)" = x86_64 ] || vm_skip "kernels of amd64 are not for $(uname -m)"
	for program in qemu-system-x86_64 cpio depmod modprobe mke2fs setpriv \
		apt-get apt-cache dpkg-deb; do
		PATH=$PATH:/usr/sbin:/sbin type -P "$program" >/dev/null ||
			vm_skip "no $program on this machine: 'make deps' installs it"
	done
	mkdir -p "$VM"
	# Two runs in one tree would take each other's files away.
	exec {vm_lock}>"$VM/lock"
	flock "$vm_lock"
}

# vm_build SERIES - 0; 77 where there is no such kernel; 1 after saying why
vm_build() {
	"$TOP/tests/vm/kernel" "$1" "$VM/$1" || return
	"$TOP/tests/vm/initramfs" "$VM/$1" "$VM/$1/initrd"
}

# vm_start SERIES NAME SECONDS [WORDS [ARGUMENT]...] - words of the kernel's command line
# for the guest, further arguments of qemu; it is ended when the time is over. $VM_MEMORY
# and $VM_CPUS say what it has, where it is to be more than what tests of netsetup need.
#
# Randomised addresses would have each program translated anew at each start.
vm_start() {
	local series=$1 name=$2 words=${4:-} version

	vm_deadline=$((SECONDS + $3))
	vm_console=$VM/$series/console
	version=$(<"$VM/$series/version")
	shift "$(($# < 4 ? $# : 4))"
	vm_status='' vm_late=''
	exec {vm_fd}< <(exec setpriv --pdeathsig KILL qemu-system-x86_64 \
		-nodefaults -no-user-config -display none -no-reboot \
		-accel tcg,tb-size=256 -m "${VM_MEMORY:-1024}" -smp "${VM_CPUS:-1}" \
		-kernel "$VM/$series/boot/vmlinuz-$version" \
		-initrd "$VM/$series/initrd" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr norandmaps shoot6=$name $words" \
		-serial file:"$vm_console" -serial stdio "$@" </dev/null 2>"$VM/$series/qemu.log")
	vm_pid=$!
}

# vm_line - the next line into $line; false at the end, or past the time
vm_line() {
	local left=$((vm_deadline - SECONDS)) got=142

	if [ "$left" -gt 0 ]; then
		IFS= read -rt "$left" -u "$vm_fd" line
		got=$?
	fi
	if [ "$got" -gt 128 ]; then
		vm_late=1
		vm_cut
		return 1
	fi
	line=${line%$'\r'}
	[[ $line != 'end '* ]] || vm_status=${line#end }
	[ "$got" = 0 ]
}

# vm_cut - the power is gone
vm_cut() {
	kill -KILL "$vm_pid" 2>/dev/null
}

# vm_end - wait for its end
vm_end() {
	exec {vm_fd}<&-
	vm_cut
	wait "$vm_pid" 2>/dev/null
	[ "$vm_status" = 0 ]
}

# vm_why - why a machine did not end well, with the last lines of its console
vm_why() {
	if [ -n "$vm_late" ]; then
		echo "it was ended because its time was over"
	else
		echo "${vm_status:+its guest ended with status }${vm_status:-it ended before its guest did}"
	fi
	{
		tail -n 5 "${vm_console%/*}/qemu.log"
		tr -d '\r' <"$vm_console" | tail -n 25
	} 2>/dev/null | sed 's/^/    ! /'
}
