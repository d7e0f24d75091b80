package load

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawRead and rawWrite are recv(2) and send(2) on sockets that never block, so
// that Go's scheduler need not be told: that costs more than all we do with a
// confirmation. They are a shorter way through the kernel than read and write.
func rawRead(fd int, b []byte) (int, error) {
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	return rawResult(n, e)
}

func rawWrite(fd int, b []byte) (int, error) {
	n, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return rawResult(n, e)
}

func rawResult(n uintptr, e unix.Errno) (int, error) {
	if e != 0 {
		return -1, e
	}
	return int(n), nil
}

// comes is what connections are watched for: that more has come, or that the
// other side has ended. It is told once, as asking again of each connection
// whether nothing is left costs as much as a look at the clock for each
// message.
const comes = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

// perhapsMore reports whether a connection of which n bytes were read into so
// much room may have more that nobody will be told of: then it must be listened
// to anew. Who gets less than there was room for has got all, but for the end.
func perhapsMore(n, room int, events uint32) bool {
	return n == room || events&unix.EPOLLRDHUP != 0
}
