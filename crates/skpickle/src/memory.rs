//! The memory that bytes of a stream stand in.

use std::ops::{Deref, DerefMut};

/// Bytes from which it pays to ask the system for memory of their own, in large pages: a process that touches new memory waits for the
/// system once a page.
#[cfg(target_os = "linux")]
const LARGE: usize = if cfg!(any(all(test, not(miri)), fuzzing)) { 1 << 10 } else { 2 << 20 };

/// Bytes that can be read and written.
#[derive(Debug)]
pub(crate) enum Memory {
    Heap(Vec<u8>),
    /// The first `len` bytes of a mapping that belongs to nobody else and to no file.
    #[cfg(target_os = "linux")]
    Pages {
        map: memmap2::MmapMut,
        len: usize,
    },
}

impl Memory {
    /// So many bytes, which the system has cleared: they are not touched before they are used. `None` if there are not so many.
    pub(crate) fn zeroed(len: usize) -> Option<Self> {
        #[cfg(target_os = "linux")]
        if len >= LARGE
            && let Ok(map) = memmap2::MmapMut::map_anon(len)
        {
            // Where there are no large pages, small ones do.
            let _ = map.advise(memmap2::Advice::HugePage);
            return Some(Memory::Pages { map, len });
        }
        bytemuck::try_zeroed_vec(len).ok().map(Memory::Heap)
    }

    /// Bytes that there is room for.
    pub(crate) fn capacity(&self) -> usize {
        match self {
            Memory::Heap(bytes) => bytes.capacity(),
            #[cfg(target_os = "linux")]
            Memory::Pages { map, .. } => map.len(),
        }
    }

    /// So many bytes; those that are new may hold anything. Where there is no room for them, nothing is done.
    pub(crate) fn set_len(&mut self, new: usize) {
        match self {
            Memory::Heap(bytes) if new <= bytes.capacity() => bytes.resize(new, 0),
            Memory::Heap(_) => {}
            #[cfg(target_os = "linux")]
            Memory::Pages { map, len } => *len = if new <= map.len() { new } else { *len },
        }
    }

    /// Room for at least so many bytes, which are zero; those that are there stay. `None` if there is not so much memory.
    pub(crate) fn grow(&mut self, least: usize) -> Option<()> {
        if self.len() >= least {
            return Some(());
        }
        match self {
            Memory::Heap(bytes) => {
                bytes.try_reserve(least - bytes.len()).ok()?;
                bytes.resize(least, 0);
            }
            // The heap moves large blocks without a copy; so what has outgrown its pages goes there, once.
            #[cfg(target_os = "linux")]
            Memory::Pages { map, len } => {
                let mut bytes = Vec::new();
                bytes.try_reserve(least).ok()?;
                bytes.extend_from_slice(&map[..*len]);
                bytes.resize(least, 0);
                *self = Memory::Heap(bytes);
            }
        }
        Some(())
    }

    /// The bytes as a vector; those that are in pages are copied.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        match self {
            Memory::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Memory::Pages { .. } => self.to_vec(),
        }
    }

    /// Forgets what lies behind the first `len` bytes. The heap gets it back; pages that were never touched are nothing but addresses.
    pub(crate) fn cut(mut self, len: usize) -> Self {
        self.set_len(len.min(self.len()));
        if let Memory::Heap(bytes) = &mut self {
            bytes.shrink_to_fit();
        }
        self
    }
}

impl Default for Memory {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<u8>> for Memory {
    fn from(bytes: Vec<u8>) -> Self {
        Memory::Heap(bytes)
    }
}

impl Deref for Memory {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Memory::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Memory::Pages { map, len } => &map[..*len],
        }
    }
}

impl DerefMut for Memory {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Memory::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Memory::Pages { map, len } => &mut map[..*len],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_when_memory_grows_and_shrinks() {
        for first in [0, 1, 1000, 2000, 1 << 20] {
            let mut memory = Memory::zeroed(first).unwrap();
            assert_eq!(*memory, *vec![0; first]);
            memory.iter_mut().for_each(|byte| *byte = 7);
            memory.grow(first / 2).unwrap();
            assert_eq!(memory.len(), first);
            memory.grow(first + 5000).unwrap();
            assert!(memory.len() >= first + 5000 && memory.capacity() >= memory.len());
            assert!(memory[..first].iter().all(|&byte| byte == 7) && memory[first..].iter().all(|&byte| byte == 0));
            memory.set_len(first + 1);
            assert_eq!(memory.len(), first + 1);
            memory.set_len(usize::MAX);
            assert_eq!(memory.len(), first + 1);
            assert_eq!(*memory.cut(first), *vec![7; first]);
        }
    }
}
