// The rows of bench/shapes.mjs as structs, and how either client takes them.

package main

import (
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

type shape[R any] struct {
	// appendTo gives a row to clickhouse-go.
	appendTo func(driver.Batch, *R) error
	// columns makes empty columns for ch-go, and what appends a row to them.
	columns func() (proto.Input, func(*R))
}

type clickstreamRow struct {
	Country    string    `json:"country_code" ch:"country_code"`
	OS         uint8     `json:"os_id" ch:"os_id"`
	Browser    uint8     `json:"browser_id" ch:"browser_id"`
	Categories []int16   `json:"categories" ch:"categories"`
	Day        time.Time `json:"action_day" ch:"action_day"`
	Time       time.Time `json:"action_time" ch:"action_time"`
}

var clickstream = shape[clickstreamRow]{
	appendTo: func(batch driver.Batch, r *clickstreamRow) error {
		return batch.Append(r.Country, r.OS, r.Browser, r.Categories, r.Day, r.Time)
	},
	columns: func() (proto.Input, func(*clickstreamRow)) {
		var (
			country     proto.ColStr
			os, browser proto.ColUInt8
			categories  = new(proto.ColInt16).Array()
			day         proto.ColDate
			at          proto.ColDateTime
		)
		input := proto.Input{
			{Name: "country_code", Data: &country},
			{Name: "os_id", Data: &os},
			{Name: "browser_id", Data: &browser},
			{Name: "categories", Data: categories},
			{Name: "action_day", Data: &day},
			{Name: "action_time", Data: &at},
		}
		return input, func(r *clickstreamRow) {
			country.Append(r.Country)
			os.Append(r.OS)
			browser.Append(r.Browser)
			categories.Append(r.Categories)
			day.Append(r.Day)
			at.Append(r.Time)
		}
	},
}

type logRow struct {
	Time     time.Time `json:"time" ch:"time"`
	Level    string    `json:"level" ch:"level"`
	Service  string    `json:"service" ch:"service"`
	Host     string    `json:"host" ch:"host"`
	Message  string    `json:"message" ch:"message"`
	Status   uint16    `json:"status" ch:"status"`
	Duration float64   `json:"duration" ch:"duration"`
}

var logs = shape[logRow]{
	appendTo: func(batch driver.Batch, r *logRow) error {
		return batch.Append(r.Time, r.Level, r.Service, r.Host, r.Message, r.Status, r.Duration)
	},
	columns: func() (proto.Input, func(*logRow)) {
		var (
			at                            proto.ColDateTime
			level, service, host, message proto.ColStr
			status                        proto.ColUInt16
			duration                      proto.ColFloat64
		)
		input := proto.Input{
			{Name: "time", Data: &at},
			{Name: "level", Data: &level},
			{Name: "service", Data: &service},
			{Name: "host", Data: &host},
			{Name: "message", Data: &message},
			{Name: "status", Data: &status},
			{Name: "duration", Data: &duration},
		}
		return input, func(r *logRow) {
			at.Append(r.Time)
			level.Append(r.Level)
			service.Append(r.Service)
			host.Append(r.Host)
			message.Append(r.Message)
			status.Append(r.Status)
			duration.Append(r.Duration)
		}
	},
}

type metricsRow struct {
	ID uint64    `json:"id" ch:"id"`
	TS time.Time `json:"ts" ch:"ts"`
	F0 float64   `json:"f0" ch:"f0"`
	F1 float64   `json:"f1" ch:"f1"`
	F2 float64   `json:"f2" ch:"f2"`
	F3 float64   `json:"f3" ch:"f3"`
	F4 float64   `json:"f4" ch:"f4"`
	F5 float64   `json:"f5" ch:"f5"`
	F6 float64   `json:"f6" ch:"f6"`
	F7 float64   `json:"f7" ch:"f7"`
	F8 float64   `json:"f8" ch:"f8"`
	F9 float64   `json:"f9" ch:"f9"`
	U0 uint32    `json:"u0" ch:"u0"`
	U1 uint32    `json:"u1" ch:"u1"`
	U2 uint32    `json:"u2" ch:"u2"`
	U3 uint32    `json:"u3" ch:"u3"`
	U4 uint32    `json:"u4" ch:"u4"`
	I0 int64     `json:"i0" ch:"i0"`
	I1 int64     `json:"i1" ch:"i1"`
	I2 int64     `json:"i2" ch:"i2"`
}

var metrics = shape[metricsRow]{
	appendTo: func(batch driver.Batch, r *metricsRow) error {
		return batch.Append(r.ID, r.TS, r.F0, r.F1, r.F2, r.F3, r.F4, r.F5, r.F6, r.F7, r.F8, r.F9,
			r.U0, r.U1, r.U2, r.U3, r.U4, r.I0, r.I1, r.I2)
	},
	columns: func() (proto.Input, func(*metricsRow)) {
		var (
			id                                     proto.ColUInt64
			ts                                     proto.ColDateTime
			f0, f1, f2, f3, f4, f5, f6, f7, f8, f9 proto.ColFloat64
			u0, u1, u2, u3, u4                     proto.ColUInt32
			i0, i1, i2                             proto.ColInt64
		)
		input := proto.Input{
			{Name: "id", Data: &id}, {Name: "ts", Data: &ts},
			{Name: "f0", Data: &f0}, {Name: "f1", Data: &f1}, {Name: "f2", Data: &f2}, {Name: "f3", Data: &f3},
			{Name: "f4", Data: &f4}, {Name: "f5", Data: &f5}, {Name: "f6", Data: &f6}, {Name: "f7", Data: &f7},
			{Name: "f8", Data: &f8}, {Name: "f9", Data: &f9},
			{Name: "u0", Data: &u0}, {Name: "u1", Data: &u1}, {Name: "u2", Data: &u2}, {Name: "u3", Data: &u3},
			{Name: "u4", Data: &u4},
			{Name: "i0", Data: &i0}, {Name: "i1", Data: &i1}, {Name: "i2", Data: &i2},
		}
		return input, func(r *metricsRow) {
			id.Append(r.ID)
			ts.Append(r.TS)
			f0.Append(r.F0)
			f1.Append(r.F1)
			f2.Append(r.F2)
			f3.Append(r.F3)
			f4.Append(r.F4)
			f5.Append(r.F5)
			f6.Append(r.F6)
			f7.Append(r.F7)
			f8.Append(r.F8)
			f9.Append(r.F9)
			u0.Append(r.U0)
			u1.Append(r.U1)
			u2.Append(r.U2)
			u3.Append(r.U3)
			u4.Append(r.U4)
			i0.Append(r.I0)
			i1.Append(r.I1)
			i2.Append(r.I2)
		}
	},
}
