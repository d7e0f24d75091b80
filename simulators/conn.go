package simulators

import "context"

type connKey struct{}

// WithConn says by which connection a message came. A transport that has
// connections says so in the context it hands to its [Receiver], by the
// address of the other end.
func WithConn(ctx context.Context, conn string) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// ConnOf is the connection a message came by; "" if nobody said.
func ConnOf(ctx context.Context) string {
	conn, _ := ctx.Value(connKey{}).(string)
	return conn
}
