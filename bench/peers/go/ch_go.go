// ch-go over the server's own protocol: columns that are filled anew for every block of one INSERT.

package main

import (
	"context"
	"encoding/binary"
	"io"
	"net"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

func columnStream[R any](told task, rows []*R, shape shape[R]) func() error {
	ctx := context.Background()
	connection, err := ch.Dial(ctx, ch.Options{Address: told.address(), Dialer: raisedRevision{}})
	check(err)
	input, appendRow := shape.columns()
	return func() error {
		next := 0
		return connection.Do(ctx, ch.Query{
			Body:  input.Into(told.Table),
			Input: input,
			OnInput: func(context.Context) error {
				input.Reset()
				if next == len(rows) {
					return io.EOF
				}
				end := min(next+told.BlockRows, len(rows))
				for _, row := range rows[next:end] {
					appendRow(row)
				}
				next = end
				return nil
			},
		})
	}
}

// raisedRevision makes ch-go speak to a server of 2018. To servers before revision 54420 it leaves out who is asking, which they have
// wanted since 54032, and read the rest of the query wrong. All else that this revision changes are the answers to a SELECT.
type raisedRevision struct{ net.Dialer }

const clientInfoRevision = uint64(proto.FeatureClientWriteInfo)

func (d raisedRevision) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.Dialer.DialContext(ctx, network, address)
	return &helloConn{Conn: conn}, err
}

// helloConn changes the first packet of the server, and hands on all others.
type helloConn struct {
	net.Conn
	isOpen bool
}

func (c *helloConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.isOpen {
		c.isOpen = true
		raiseRevision(b[:n])
	}
	return n, err
}

// raiseRevision: a byte 0 for hello, the server's name after its length, major and minor version, then the revision, all of three bytes.
func raiseRevision(hello []byte) {
	if len(hello) < 2 || hello[0] != 0 {
		return // an exception: ch-go says what it is
	}
	at := 2 + int(hello[1])
	for range 2 {
		_, length := binary.Uvarint(hello[at:])
		at += length
	}
	if revision, _ := binary.Uvarint(hello[at:]); revision < clientInfoRevision {
		binary.PutUvarint(hello[at:], clientInfoRevision)
	}
}
