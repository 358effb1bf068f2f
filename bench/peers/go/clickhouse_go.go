// clickhouse-go over the server's own protocol: PrepareBatch, then Append of a row's values, or AppendStruct of the row.

package main

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// batches sends a batch for every block, as large as ours.
func batches[R any](told task, rows []*R, shape shape[R], appendTo func(driver.Batch, *R) error) func() error {
	connection, insert := open(told), insertInto(told, shape)
	return func() error {
		for start := 0; start < len(rows); start += told.BlockRows {
			batch, err := connection.PrepareBatch(context.Background(), insert)
			if err != nil {
				return err
			}
			for _, row := range rows[start:min(start+told.BlockRows, len(rows))] {
				if err := appendTo(batch, row); err != nil {
					return err
				}
			}
			if err := batch.Send(); err != nil {
				return err
			}
		}
		return nil
	}
}

// batchStream makes one batch of all rows and sends its blocks while the server reads those before.
func batchStream[R any](told task, rows []*R, shape shape[R], appendTo func(driver.Batch, *R) error) func() error {
	connection, insert := open(told), insertInto(told, shape)
	return func() error {
		batch, err := connection.PrepareBatch(context.Background(), insert)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := appendTo(batch, row); err != nil {
				return err
			}
			if batch.Rows() == told.BlockRows {
				if err := batch.Flush(); err != nil {
					return err
				}
			}
		}
		return batch.Send()
	}
}

func appendStruct[R any](batch driver.Batch, row *R) error {
	return batch.AppendStruct(row)
}

func open(told task) driver.Conn {
	connection, err := clickhouse.Open(&clickhouse.Options{Addr: []string{told.address()}})
	check(err)
	check(connection.Ping(context.Background()))
	return connection
}

// insertInto names the columns: a server of 2018 sends no types where they are not named.
func insertInto[R any](told task, shape shape[R]) string {
	input, _ := shape.columns()
	return "INSERT INTO " + told.Table + " " + input.Columns()
}
