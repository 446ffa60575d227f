//! Pixels as a PNG without compression: maps of many cells lie in an SVG as such.

use super::canvas::Colour;

/// Rows of so many pixels each.
pub(super) fn png(columns: usize, pixels: &[Colour]) -> Vec<u8> {
    let rows = pixels.len() / columns.max(1);
    let length = |length: usize| u32::try_from(length).expect("a picture has fewer pixels");
    let mut rgb = Vec::with_capacity(rows * (3 * columns + 1));
    for row in pixels.chunks(columns.max(1)) {
        // Each row begins with its filter, which is none.
        rgb.push(0);
        rgb.extend(row.iter().flat_map(|&Colour(r, g, b)| [r, g, b]));
    }
    let mut header = Vec::new();
    header.extend(length(columns).to_be_bytes());
    header.extend(length(rows).to_be_bytes());
    // Eight bits for each of three colours; the only compression, filter and order there are.
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", stored(&rgb)), (b"IEND", Vec::new())] {
        file.extend(length(data.len()).to_be_bytes());
        let from = file.len();
        file.extend(kind);
        file.extend(data);
        let checksum = crc32fast::hash(&file[from..]);
        file.extend(checksum.to_be_bytes());
    }
    file
}

/// A zlib stream of stored blocks: RFC 1950 and 1951.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let n_blocks = bytes.len().div_ceil(0xffff).max(1);
    for block in 0..n_blocks {
        let part = &bytes[block * 0xffff..bytes.len().min((block + 1) * 0xffff)];
        let length = u16::try_from(part.len()).expect("blocks are cut to fit");
        stream.push(u8::from(block + 1 == n_blocks));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(part);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}
