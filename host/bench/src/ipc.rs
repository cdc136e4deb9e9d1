//! A message of 1 KiB to an adapter and its outcome back, on the way that they take in production: encoded, framed, through
//! a Unix socket from one thread to another, cut and decoded.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream as Stream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use tokio::net::UnixStream;
use tokio::runtime::Builder;
use wirken_types::channel::{Draft, Outbound, OutboundContent, Outcome};
use wirken_wire::link::{Closed, split};
use wirken_wire::{Frames, ToAdapter, ToGateway};

use crate::Times;

const ROUNDS: u64 = 20_000;
const WARM_UP: u64 = 500;
const TEXT_BYTES: usize = 1024;

/// The same while something of no importance keeps the processors awake: what is left is the work, without the time that a
/// sleeping processor takes to wake.
pub(crate) fn measure_awake() -> Result<Times> {
    let over = AtomicBool::new(false);
    let processors = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                // Of this thread alone. Where it is refused, the figure is only worse.
                rustix::process::setpriority_process(None, 19).ok();
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let times = measure();
        over.store(true, Ordering::Relaxed);
        times
    })
}

pub(crate) fn measure() -> Result<Times> {
    let (gateway, adapter) = Stream::pair()?;
    gateway.set_nonblocking(true)?;
    adapter.set_nonblocking(true)?;
    // Each side's runtime is of the kind that it has in production.
    let other = std::thread::spawn(move || Builder::new_current_thread().enable_all().build()?.block_on(answer(adapter)));
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let times = runtime.block_on(async { tokio::spawn(ask(gateway)).await })?;
    other.join().map_err(|_| anyhow!("the adapter's side panicked"))??;
    times
}

/// The same bytes there and back with nothing around them: two threads, a Unix socket, blocking calls. What the system alone
/// takes, in the same run.
pub(crate) fn measure_bare() -> Result<Times> {
    const ANSWER_BYTES: usize = 64;
    let (mut gateway, mut adapter) = Stream::pair()?;
    let other = std::thread::spawn(move || -> Result<()> {
        let mut message = [0; TEXT_BYTES];
        for _ in 0..WARM_UP + ROUNDS {
            adapter.read_exact(&mut message)?;
            adapter.write_all(&[1; ANSWER_BYTES])?;
        }
        Ok(())
    });
    let (message, mut answer, mut times) = ([2; TEXT_BYTES], [0; ANSWER_BYTES], Times::default());
    for round in 0..WARM_UP + ROUNDS {
        let began = Instant::now();
        gateway.write_all(&message)?;
        gateway.read_exact(&mut answer)?;
        if round >= WARM_UP {
            times.add(began.elapsed());
        }
    }
    other.join().map_err(|_| anyhow!("the other side panicked"))??;
    Ok(times)
}

fn closed(_: Closed) -> anyhow::Error {
    anyhow!("the other side hung up")
}

async fn ask(stream: Stream) -> Result<Times> {
    let (mut receiver, sender) = split::<ToGateway, ToAdapter>(UnixStream::from_std(stream)?, Frames::new());
    let mut times = Times::default();
    for id in 0..WARM_UP + ROUNDS {
        let text = Draft { shown: Vec::new(), text: "x".repeat(TEXT_BYTES), last: true };
        let content = OutboundContent::Text(text);
        let outbound = ToAdapter::Outbound(Outbound { id, attempt: 1, conversation_id: "1000".into(), reply_to: None, content });
        let began = Instant::now();
        sender.send(&outbound).await.map_err(closed)?;
        let answer = receiver.next().await.map_err(closed)?;
        let took = began.elapsed();
        ensure!(matches!(answer, ToGateway::Outcome { id: its, .. } if its == id), "another answer came: {answer:?}");
        if id >= WARM_UP {
            times.add(took);
        }
    }
    sender.close(Duration::from_secs(1)).await;
    Ok(times)
}

/// Until the other side hangs up.
async fn answer(stream: Stream) -> Result<()> {
    let (mut receiver, sender) = split::<ToAdapter, ToGateway>(UnixStream::from_std(stream)?, Frames::new());
    while let Ok(message) = receiver.next().await {
        let ToAdapter::Outbound(outbound) = message else { continue };
        let outcome = Outcome::Delivered(vec!["2000".into()]);
        sender.send(&ToGateway::Outcome { id: outbound.id, outcome }).await.map_err(closed)?;
    }
    Ok(())
}
