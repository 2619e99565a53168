//! The 68 opcodes of pickle protocols 0 to 5: one table from which the enum, its decoder and the listing derive.

/// What follows an opcode in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arg {
    /// Nothing.
    None,
    /// One unsigned byte.
    U1,
    /// Two bytes, little endian, unsigned.
    U2,
    /// Four bytes, little endian, signed.
    I4,
    /// Four bytes, little endian, unsigned.
    U4,
    /// Eight bytes, little endian, unsigned.
    U8,
    /// Eight bytes, a big-endian double.
    F8,
    /// Text up to a line feed.
    Line,
    /// Two such texts.
    Lines,
    /// A length of one, four (signed or unsigned) or eight bytes, then as many bytes.
    Bytes1,
    /// See [`Arg::Bytes1`].
    Bytes4,
    /// See [`Arg::Bytes1`].
    Bytes8,
}

macro_rules! opcodes {
    ($($name:ident $byte:literal $arg:ident $proto:literal)*) => {
        /// An opcode, named as in Python's `pickletools`.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Opcode { $($name = $byte),* }

        impl Opcode {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Opcode] = &[$(Opcode::$name),*];

            /// The opcode with this byte.
            #[inline]
            pub(crate) fn from_byte(byte: u8) -> Option<Opcode> {
                match byte { $($byte => Some(Opcode::$name),)* _ => None }
            }

            /// Its name in `pickletools`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Opcode::$name => stringify!($name)),* }
            }

            /// What follows it in the stream.
            pub(crate) fn arg(self) -> Arg {
                match self { $(Opcode::$name => Arg::$arg),* }
            }

            /// The protocol that introduced it.
            #[cfg(test)]
            pub(crate) fn protocol(self) -> u8 {
                match self { $(Opcode::$name => $proto),* }
            }
        }
    };
}

opcodes! {
    MARK b'(' None 0
    STOP b'.' None 0
    POP b'0' None 0
    POP_MARK b'1' None 1
    DUP b'2' None 0
    FLOAT b'F' Line 0
    INT b'I' Line 0
    BININT b'J' I4 1
    BININT1 b'K' U1 1
    LONG b'L' Line 0
    BININT2 b'M' U2 1
    NONE b'N' None 0
    PERSID b'P' Line 0
    BINPERSID b'Q' None 1
    REDUCE b'R' None 0
    STRING b'S' Line 0
    BINSTRING b'T' Bytes4 1
    SHORT_BINSTRING b'U' Bytes1 1
    UNICODE b'V' Line 0
    BINUNICODE b'X' Bytes4 1
    APPEND b'a' None 0
    BUILD b'b' None 0
    GLOBAL b'c' Lines 0
    DICT b'd' None 0
    EMPTY_DICT b'}' None 1
    APPENDS b'e' None 1
    GET b'g' Line 0
    BINGET b'h' U1 1
    INST b'i' Lines 0
    LONG_BINGET b'j' U4 1
    LIST b'l' None 0
    EMPTY_LIST b']' None 1
    OBJ b'o' None 1
    PUT b'p' Line 0
    BINPUT b'q' U1 1
    LONG_BINPUT b'r' U4 1
    SETITEM b's' None 0
    TUPLE b't' None 0
    EMPTY_TUPLE b')' None 1
    SETITEMS b'u' None 1
    BINFLOAT b'G' F8 1
    PROTO b'\x80' U1 2
    NEWOBJ b'\x81' None 2
    EXT1 b'\x82' U1 2
    EXT2 b'\x83' U2 2
    EXT4 b'\x84' U4 2
    TUPLE1 b'\x85' None 2
    TUPLE2 b'\x86' None 2
    TUPLE3 b'\x87' None 2
    NEWTRUE b'\x88' None 2
    NEWFALSE b'\x89' None 2
    LONG1 b'\x8a' Bytes1 2
    LONG4 b'\x8b' Bytes4 2
    BINBYTES b'B' Bytes4 3
    SHORT_BINBYTES b'C' Bytes1 3
    SHORT_BINUNICODE b'\x8c' Bytes1 4
    BINUNICODE8 b'\x8d' Bytes8 4
    BINBYTES8 b'\x8e' Bytes8 4
    EMPTY_SET b'\x8f' None 4
    ADDITEMS b'\x90' None 4
    FROZENSET b'\x91' None 4
    NEWOBJ_EX b'\x92' None 4
    STACK_GLOBAL b'\x93' None 4
    MEMOIZE b'\x94' None 4
    FRAME b'\x95' U8 4
    BYTEARRAY8 b'\x96' Bytes8 5
    NEXT_BUFFER b'\x97' None 5
    READONLY_BUFFER b'\x98' None 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_decodes_to_itself() {
        assert_eq!(Opcode::ALL.len(), 68);
        for &op in Opcode::ALL {
            assert_eq!(Opcode::from_byte(op as u8), Some(op), "{}", op.name());
            assert!(op.protocol() <= 5);
        }
        assert_eq!((0..=255).filter(|&b| Opcode::from_byte(b).is_some()).count(), 68);
    }
}
