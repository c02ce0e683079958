import { expect } from 'chai';
import { flagsOfGenres } from '../../src/guide/genres.ts';

const cases: readonly (readonly [category: string, flags: string])[] = [
  // English, and DVB's terms as tvheadend and grabbers write them
  ['Movie', 'isMovie'],
  ['MOVIES', 'isMovie'],
  ['Movie / Drama', 'isMovie'],
  ['Kids Movies', 'isMovie isKids'],
  ['Series', 'isSeries'],
  ['TV Series', 'isSeries'],
  ['Sitcom', 'isSeries'],
  ['Sports', 'isSports'],
  ['Football / Soccer', 'isSports'],
  ['Special events (Olympic Games, World Cup, etc.)', 'isSports'],
  ['News / Current affairs', 'isNews'],
  ['News/Weather Report', 'isNews'],
  ["Children's / Youth programmes", 'isKids'],
  ['Cartoons / Puppets', 'isKids'],
  ['0x10', 'isMovie'],
  ['0x43', 'isSports'],
  ['0x60', ''],
  // German
  ['Spielfilm', 'isMovie'],
  ['Kriminalfilm', 'isMovie'],
  ['Actionkomödie', 'isMovie'],
  ['Krimiserie', 'isSeries'],
  ['Zeichentrickserie', 'isSeries isKids'],
  ['Fußball', 'isSports'],
  ['FUSSBALL', 'isSports'],
  ['Nachrichten', 'isNews'],
  ['Regionalnachrichten', 'isNews'],
  ['Kinderfilm', 'isMovie isKids'],
  // French
  ['Téléfilm', 'isMovie'],
  ['Long métrage', 'isMovie'],
  ['Série policière', 'isSeries'],
  ['Sport mécanique', 'isSports'],
  ['Journal télévisé', 'isNews'],
  ['Dessin animé', 'isKids'],
  // Spanish, Italian, Portuguese
  ['Película', 'isMovie'],
  ['Fútbol', 'isSports'],
  ['Telediario', 'isNews'],
  ['Dibujos animados', 'isKids'],
  ['Telenovela', 'isSeries'],
  ['Calcio', 'isSports'],
  ['Telegiornale', 'isNews'],
  ['Cartoni animati', 'isKids'],
  ['Futebol', 'isSports'],
  ['Notícias', 'isNews'],
  ['Infanto-juvenil', 'isKids'],
  ['Novelas', 'isSeries'],
  // Dutch, Polish, Turkish
  ['Speelfilm', 'isMovie'],
  ['Voetbal', 'isSports'],
  ['Nieuws', 'isNews'],
  ['Jeugd', 'isKids'],
  ['Film fabularny', 'isMovie'],
  ['Serial obyczajowy', 'isSeries'],
  ['Piłka nożna', 'isSports'],
  ['Wiadomości', 'isNews'],
  ['Dla dzieci', 'isKids'],
  ['DİZİ', 'isSeries'],
  ['Yerli Dizi', 'isSeries'],
  ['Sinema', 'isMovie'],
  ['Çocuk', 'isKids'],
  ['Haber Bülteni', 'isNews'],
  ['Spor', 'isSports'],
  // Arabic, Russian, Greek, Romanian
  ['أفلام', 'isMovie'],
  ['مسلسلات', 'isSeries'],
  ['الرياضة', 'isSports'],
  ['الأخبار', 'isNews'],
  ['أطفال', 'isKids'],
  ['Художественный фильм', 'isMovie'],
  ['Сериал', 'isSeries'],
  ['Спорт', 'isSports'],
  ['Новости', 'isNews'],
  ['Детский', 'isKids'],
  ['м/ф', 'isKids'],
  ['Ταινία', 'isMovie'],
  ['Σειρά', 'isSeries'],
  ['ΕΙΔΗΣΕΙΣ', 'isNews'],
  ['Ποδόσφαιρο', 'isSports'],
  ['Παιδικά', 'isKids'],
  ['Film artistic', 'isMovie'],
  ['Știri', 'isNews'],
  ['Desene animate', 'isKids'],
  ['Fotbal', 'isSports'],
  // Scandinavian and Finnish
  ['Långfilm', 'isMovie'],
  ['Dramaserie', 'isSeries'],
  ['Ishockey', 'isSports'],
  ['Nyheter', 'isNews'],
  ['Barnprogram', 'isKids'],
  ['Børn', 'isKids'],
  ['Fodbold', 'isSports'],
  ['Værmelding, vær', 'isNews'],
  ['Jalkapallo', 'isSports'],
  ['Uutiset', 'isNews'],
  ['Elokuva', 'isMovie'],
  // what only looks like it
  ['Dokumentarfilm', ''],
  ['Film documentaire', ''],
  ['Документальный фильм', ''],
  ['Slashers and Serial Killers', ''],
  ['Filmmagazin', ''],
  ['Sci-Fi', ''],
  ['Catch-up', ''],
  ['Transport', ''],
  ['Newcomer', ''],
  ['Drama', ''],
  ['Talk', ''],
  ['N/A', ''],
  ['', ''],
];

describe('flagsOfGenres', () => {
  for (const [category, flags] of cases)
    it(`reads "${category}" as ${flags === '' ? 'nothing' : flags}`, () => {
      expect(Object.keys(flagsOfGenres([category])).sort()).to.deep.equal(flags.split(' ').filter(Boolean).sort());
    });

  it('adds up what several categories say', () => {
    expect(flagsOfGenres(['Sport', 'Nachrichten'])).to.deep.equal({ isSports: true, isNews: true });
    expect(flagsOfGenres([])).to.deep.equal({});
  });

  it('is quick with long and odd texts', () => {
    const odd = ['a '.repeat(100_000), 'é'.repeat(50_000), '😀🏳️‍🌈\u0000', '/'.repeat(1_000)];
    expect(flagsOfGenres(odd)).to.deep.equal({});
  });
});
