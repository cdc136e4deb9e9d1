// Roman numerals, from I to MMMCMXCIX.

const LETTERS = [
  [1000, 'M'], [900, 'CM'], [500, 'D'], [400, 'CD'], [100, 'C'], [90, 'XC'], [50, 'L'], [40, 'XL'], [10, 'X'], [9, 'IX'], [5, 'V'],
  [4, 'IV'], [1, 'I'],
];

export function write(number) {
  if (!Number.isInteger(number) || number < 1 || number > 3999) return null;
  let text = '';
  for (const [value, letters] of LETTERS) {
    for (; number >= value; number -= value) text += letters;
  }
  return text;
}

export function read(text) {
  const upper = text.toUpperCase();
  let rest = upper;
  let number = 0;
  for (const [value, letters] of LETTERS) {
    for (; rest.startsWith(letters); rest = rest.slice(letters.length)) number += value;
  }
  // Read loosely, and taken only where it is what would have been written.
  return rest === '' && write(number) === upper ? number : null;
}
