//! Connections that a handler can break: closed without an answer, as a failing network does.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Takes connections that can be broken.
#[derive(Debug)]
pub(crate) struct BreakableListener(pub(crate) TcpListener);

impl Listener for BreakableListener {
    type Io = BreakableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, address)) = self.0.accept().await {
                // Without it small answers wait for acknowledgements; failing is harmless.
                stream.set_nodelay(true).ok();
                let stream = BreakableStream {
                    stream,
                    switch: Switch::default(),
                };
                return (stream, address);
            }
            // Out of file descriptors, most likely: some will be given back.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// Breaks one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_off: AtomicBool,
    resets: AtomicBool,
}

impl Switch {
    /// Nothing more is written; the connection closes when next written to.
    pub(crate) fn off(&self) {
        self.0.is_off.store(true, Ordering::Release);
    }

    /// When the connection closes, its client sees a reset.
    pub(crate) fn reset_at_end(&self) {
        self.0.resets.store(true, Ordering::Release);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.is_off.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Connected<IncomingStream<'_, BreakableListener>> for Switch {
    fn connect_info(stream: IncomingStream<'_, BreakableListener>) -> Self {
        stream.io().switch.clone()
    }
}

/// A connection that can be broken.
#[derive(Debug)]
pub(crate) struct BreakableStream {
    stream: TcpStream,
    switch: Switch,
}

impl Drop for BreakableStream {
    fn drop(&mut self) {
        if self.switch.0.resets.load(Ordering::Acquire) {
            // What fails here closes the connection all the same.
            self.stream.set_zero_linger().ok();
        }
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.switch.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.switch.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
