/** User names and passwords with everything that breaks URLs that are put together carelessly. */
export const nastyLogins: readonly { readonly username: string; readonly password: string }[] = [
  { username: 'bob', password: 'secret1' },
  { username: 'bob@example.org', password: 'p@ss/w#rd?x%y+z' },
  { username: 'b o b', password: 'with blank and +plus' },
  { username: 'üser', password: 'pässwörd–€' },
  { username: 'a&b=c', password: 'x;y:z&password=no' },
  { username: '100%', password: '%2F%zz' },
  { username: "o'neil", password: '"quoted"\\back' },
];
