/** Text as people search it: no marks, no case, đ = d. "thon dong" finds "Thôn Đông". */
export const toSought = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[đĐ]/g, 'd')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
