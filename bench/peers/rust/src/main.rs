//! Started by insert-program.mjs: a line of JSON says what to insert where and how, each further line asks for a round.

mod rows;

use std::io::BufRead;
use std::time::{Duration, Instant};

use clickhouse::error::Result;
use clickhouse::{Client, Compression, RowOwned, RowWrite};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    way: String,
    url: String,
    table: String,
    shape: String,
    rows: Box<serde_json::value::RawValue>,
    row_count: usize,
    block_rows: usize,
}

fn main() {
    let mut lines = std::io::stdin().lock().lines();
    let task: Task = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    match task.shape.as_str() {
        "clickstream" => serve::<rows::Clickstream>(task, lines),
        "log" => serve::<rows::Log>(task, lines),
        "metrics" => serve::<rows::Metrics>(task, lines),
        other => panic!("no such shape: {other}"),
    }
}

fn serve<R: RowOwned + RowWrite + DeserializeOwned>(
    task: Task,
    lines: impl Iterator<Item = std::io::Result<String>>,
) {
    let distinct: Vec<R> = serde_json::from_str(task.rows.get()).unwrap();
    let rows: Vec<&R> = (0..task.row_count)
        .map(|i| &distinct[i % distinct.len()])
        .collect();
    // RowBinary: what the crate recommends for speed, and all that a server of 2018 knows.
    let client = Client::default()
        .with_url(&task.url)
        .with_compression(Compression::None)
        .with_validation(false);
    let insert_rows = match task.way.as_str() {
        "blocks" => task.block_rows,
        "stream" => task.row_count,
        other => panic!("no such way: {other}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("ready");

    for line in lines {
        line.unwrap();
        let (cpu, start) = (processor_time(), Instant::now());
        runtime
            .block_on(insert(&client, &task.table, &rows, insert_rows))
            .unwrap();
        let ms = milliseconds(start.elapsed());
        let cpu_ms = milliseconds(processor_time() - cpu);
        println!("{}", serde_json::json!({ "ms": ms, "cpuMs": cpu_ms }));
    }
}

/// An INSERT for every `insert_rows`.
async fn insert<R: RowOwned + RowWrite>(
    client: &Client,
    table: &str,
    rows: &[&R],
    insert_rows: usize,
) -> Result<()> {
    for rows in rows.chunks(insert_rows) {
        let mut insert = client.insert::<R>(table).await?;
        for row in rows {
            insert.write(row).await?;
        }
        insert.end().await?;
    }
    Ok(())
}

fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    assert_eq!(
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) },
        0
    );
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
