//! Numbers as decimal digits.

/// Appends `value` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        return out.push(digit(value));
    }
    let mut digits = [b'0'; 20];
    let mut rest = value;
    let mut used = 0;
    for place in digits.iter_mut().rev() {
        *place = digit(rest);
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.split_at(digits.len() - used).1);
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
