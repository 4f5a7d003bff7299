//! A writer whose work is done by a thread of its own, one buffer behind.

use std::io::Write;
use std::sync::mpsc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::{io, mem, thread};

/// Bytes that are handed on at once.
const BUFFER: usize = 1 << 18;

/// Hands what it is given to another writer, in large buffers: one is filled while another is
/// hashed and written.
///
/// An error of the other writer comes out of a later call, at the latest of [`Behind::finish`].
pub(crate) struct Behind<W> {
    buffer: Vec<u8>,
    /// `None` once the writer has failed.
    writer: Option<Writer<W>>,
}

struct Writer<W> {
    full: SyncSender<Vec<u8>>,
    thread: JoinHandle<io::Result<W>>,
}

impl<W: Write + Send + 'static> Behind<W> {
    pub(crate) fn new(mut inner: W) -> Self {
        let (full, buffers) = mpsc::sync_channel::<Vec<u8>>(0);
        let thread = thread::spawn(move || {
            for buffer in buffers {
                inner.write_all(&buffer)?;
            }
            inner.flush()?;
            Ok(inner)
        });
        Self {
            buffer: Vec::with_capacity(BUFFER),
            writer: Some(Writer { full, thread }),
        }
    }

    /// The writer below, once it has written everything.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.hand_on()?;
        self.end()
    }

    fn hand_on(&mut self) -> io::Result<()> {
        let buffer = mem::replace(&mut self.buffer, Vec::with_capacity(BUFFER));
        let taken = self.writer.as_ref().map(|it| it.full.send(buffer).is_ok());
        if taken == Some(true) {
            return Ok(());
        }
        self.end().map(drop)
    }

    fn end(&mut self) -> io::Result<W> {
        let Some(Writer { full, thread }) = self.writer.take() else {
            return Err(io::Error::other("writing has failed before"));
        };
        drop(full);
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl<W: Write + Send + 'static> Write for Behind<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = BUFFER - self.buffer.len();
        let bytes = bytes.get(..room).unwrap_or(bytes);
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() == BUFFER {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    /// Does nothing: only what [`Behind::finish`] returns has everything.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W> Drop for Behind<W> {
    /// Waits for the thread: nothing is written any more to what is thrown away.
    fn drop(&mut self) {
        if let Some(Writer { full, thread }) = self.writer.take() {
            drop(full);
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_arrive_in_their_order() {
        let bytes: Vec<u8> = (0..=250).cycle().take(3 * BUFFER + 5).collect();
        let mut behind = Behind::new(Vec::new());
        for some in bytes.chunks(1000) {
            behind.write_all(some).unwrap();
        }
        assert!(behind.finish().unwrap() == bytes);
        assert_eq!(Behind::new(Vec::new()).finish().unwrap(), b"");
    }

    /// Takes so many bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_error_of_the_writer_below_comes_out() {
        let mut behind = Behind::new(Full(BUFFER));
        behind.write_all(&vec![0; BUFFER + 1]).unwrap();
        let error = behind.finish().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);

        let mut behind = Behind::new(Full(BUFFER));
        let error = behind.write_all(&vec![0; 9 * BUFFER]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(behind.write_all(&vec![0; BUFFER]).is_err());
        assert!(behind.finish().is_err());
    }
}
