//go:build !linux

package load

import "net"

// doors are only where the system has epoll.
type doors struct{}

func (e *ERP) openDoors() *doors { return nil }

func (d *doors) admit(int, net.Conn) {}

func (d *doors) close() {}
