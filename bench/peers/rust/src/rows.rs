//! The rows of bench/shapes.mjs as structs, with times in the numbers that the crate's documentation gives a Date and a DateTime.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use serde::{Deserialize, Deserializer, Serialize};

#[derive(Row, Serialize, Deserialize)]
pub struct Clickstream {
    country_code: String,
    os_id: u8,
    browser_id: u8,
    categories: Vec<i16>,
    #[serde(deserialize_with = "days")]
    action_day: u16,
    #[serde(deserialize_with = "seconds")]
    action_time: u32,
}

#[derive(Row, Serialize, Deserialize)]
pub struct Log {
    #[serde(deserialize_with = "seconds")]
    time: u32,
    level: String,
    service: String,
    host: String,
    message: String,
    status: u16,
    duration: f64,
}

#[derive(Row, Serialize, Deserialize)]
pub struct Metrics {
    id: u64,
    #[serde(deserialize_with = "seconds")]
    ts: u32,
    f0: f64,
    f1: f64,
    f2: f64,
    f3: f64,
    f4: f64,
    f5: f64,
    f6: f64,
    f7: f64,
    f8: f64,
    f9: f64,
    u0: u32,
    u1: u32,
    u2: u32,
    u3: u32,
    u4: u32,
    i0: i64,
    i1: i64,
    i2: i64,
}

fn seconds<'de, D: Deserializer<'de>>(time: D) -> Result<u32, D::Error> {
    Ok(DateTime::<Utc>::deserialize(time)?.timestamp() as u32)
}

fn days<'de, D: Deserializer<'de>>(time: D) -> Result<u16, D::Error> {
    Ok((seconds(time)? / 86_400) as u16)
}
