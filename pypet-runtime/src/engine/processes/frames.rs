//! Messages in a stream of bytes: a mark, the length, and so many bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;

/// What every message begins with, so that stray bytes are noticed.
const MARK: [u8; 4] = *b"pypt";
const HEADER: usize = MARK.len() + size_of::<u64>();
/// The longest message.
const MOST_BYTES: usize = 16 << 30;
/// What is asked for at a time.
const READ_BYTES: usize = 64 << 10;

/// Writes messages.
#[derive(Debug)]
pub(super) struct FrameWriter<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Write> FrameWriter<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Sends what `fill` appends.
    ///
    /// # Errors
    /// The other side is gone, or the message is too long, of which nothing is sent then.
    pub(super) fn send(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.extend([0; HEADER]);
        fill(&mut self.buffer);
        let n_bytes = self.buffer.len() - HEADER;
        if n_bytes > MOST_BYTES {
            return Err(ErrorKind::FileTooLarge.into());
        }
        self.buffer[..MARK.len()].copy_from_slice(&MARK);
        self.buffer[MARK.len()..HEADER].copy_from_slice(&(n_bytes as u64).to_le_bytes());
        self.stream.write_all(&self.buffer)?;
        self.stream.flush()
    }
}

/// Reads messages.
#[derive(Debug)]
pub(super) struct FrameReader<S> {
    pub(super) stream: S,
    buffer: Vec<u8>,
    /// What was read and not taken yet.
    unread: Range<usize>,
}

impl<S: Read> FrameReader<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: vec![0; READ_BYTES], unread: 0..0 }
    }

    /// Where the next message lies, for [`FrameReader::bytes`]; `None` if the stream's time is up before it is whole.
    ///
    /// # Errors
    /// The stream has ended, or what came is no message.
    pub(super) fn next(&mut self) -> io::Result<Option<Range<usize>>> {
        loop {
            let needed = match self.header()? {
                Some(n_bytes) if self.unread.len() >= HEADER + n_bytes => {
                    let start = self.unread.start + HEADER;
                    self.unread.start = start + n_bytes;
                    return Ok(Some(start..self.unread.start));
                }
                Some(n_bytes) => HEADER + n_bytes,
                None => HEADER,
            };
            self.make_room(needed);
            match self.stream.read(&mut self.buffer[self.unread.end..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n_bytes) => self.unread.end += n_bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// The bytes of a message; good until the next one is asked for.
    pub(super) fn bytes(&self, message: Range<usize>) -> &[u8] {
        &self.buffer[message]
    }

    /// The length of the message that comes next, once its header is there.
    fn header(&self) -> io::Result<Option<usize>> {
        let Some(header) = self.buffer[self.unread.clone()].first_chunk::<HEADER>() else { return Ok(None) };
        let (mark, length) = header.split_at(MARK.len());
        let length = u64::from_le_bytes(length.try_into().expect("the rest of the header is its length"));
        let length = usize::try_from(length).ok().filter(|&length| mark == MARK && length <= MOST_BYTES);
        length.map(Some).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// Makes room for more; at most doubles the buffer, so that a length alone takes no memory.
    fn make_room(&mut self, needed: usize) {
        if self.unread.is_empty() {
            self.unread = 0..0;
            self.buffer.truncate(16 * READ_BYTES);
        } else if self.unread.start + needed > self.buffer.len() {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        if self.unread.end == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    #[test]
    fn messages_of_any_length_arrive_whole_and_in_order() {
        let (a, b) = UnixStream::pair().unwrap();
        let lengths = [0, 1, 60_000, 0, 3_000_000, 17];
        let sender = std::thread::spawn(move || {
            let mut writer = FrameWriter::new(a);
            for (number, &length) in lengths.iter().enumerate() {
                writer.send(|bytes| bytes.extend(vec![u8::try_from(number).unwrap(); length])).unwrap();
            }
        });
        let mut reader = FrameReader::new(b);
        for (number, &length) in lengths.iter().enumerate() {
            let message = reader.next().unwrap().unwrap();
            assert_eq!(reader.bytes(message), vec![u8::try_from(number).unwrap(); length]);
        }
        sender.join().unwrap();
        assert_eq!(reader.next().unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_no_message_is_an_error_and_takes_no_memory() {
        let read = |bytes: &[u8]| FrameReader::new(bytes).next().map_err(|error| error.kind());
        assert_eq!(read(b"Hello, this is no message"), Err(ErrorKind::InvalidData));
        assert_eq!(read(&[b"pypt".as_slice(), &[0xff; 8]].concat()), Err(ErrorKind::InvalidData));
        let long = [b"pypt".as_slice(), &(1_u64 << 33).to_le_bytes(), b"short"].concat();
        assert_eq!(read(&long), Err(ErrorKind::UnexpectedEof));
    }

    #[test]
    fn half_a_message_waits_for_the_rest() {
        let (mut a, b) = UnixStream::pair().unwrap();
        b.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut reader = FrameReader::new(b);
        let mut whole = Vec::new();
        FrameWriter::new(&mut whole).send(|bytes| bytes.extend(b"whole")).unwrap();
        a.write_all(&whole[..9]).unwrap();
        assert_eq!(reader.next().unwrap(), None);
        a.write_all(&whole[9..]).unwrap();
        let message = reader.next().unwrap().unwrap();
        assert_eq!(reader.bytes(message), b"whole");
    }
}
