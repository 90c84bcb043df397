//! Numbers as decimal digits.

/// The digits of a number, for one that is written more than once.
pub(crate) struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn new(value: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut rest = value;
        let mut start = digits.len();
        let (pairs, _) = digits.as_chunks_mut();
        for pair in pairs.iter_mut().rev() {
            *pair = two_digits(rest % 100);
            rest /= 100;
            start -= 2;
            if rest == 0 {
                // One digit may have been enough.
                start += usize::from(pair.starts_with(b"0"));
                break;
            }
        }
        Self { digits, start }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.start..).unwrap_or_default()
    }
}

/// Appends `value` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        return out.push(digit(value));
    }
    out.extend_from_slice(Decimal::new(value).as_bytes());
}

/// The last two digits of `value`.
pub(crate) fn two_digits(value: u64) -> [u8; 2] {
    [digit(value / 10), digit(value)]
}

/// The last digit of `value`.
pub(crate) fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value % 10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_written_as_formatting_does_it(number in any::<u64>(), shift in 0..64_u32) {
            let power = 10_u64.pow(shift % 20);
            for number in [number >> shift, power, power - 1] {
                let mut out = Vec::new();
                push_decimal(&mut out, number);
                prop_assert_eq!(out, number.to_string().into_bytes());
            }
        }
    }
}
