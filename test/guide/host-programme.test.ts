import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type HostExtras, hostKeysOf, hostProgramme, type HostProgramme } from '../../src/guide/host-programme.ts';
import type { GuideId } from '../../src/model/ids.ts';
import type { Programme } from '../../src/model/programme.ts';

const plain: Programme = { guideId: 'g' as GuideId, startUnix: 1_000, stopUnix: 2_000, title: 'Tatort' };
const made = (change: Partial<Programme> = {}, extras: Partial<HostExtras> = {}): HostProgramme => {
  const programme = { ...plain, ...change };
  return hostProgramme(programme, 'p1', hostKeysOf(programme), { image: null, hd: false, ...extras });
};

describe('hostProgramme', () => {
  it('gives what the guide gives, and nothing for what it does not', () => {
    const { etag, ...rest } = made();
    expect(rest).to.deep.equal({ id: 'p1', start: 1_000, stop: 2_000, title: 'Tatort' });
    expect(etag).to.equal(createHash('sha256').update(JSON.stringify(rest)).digest('hex'));
  });

  it('names all fields as hosts know them', () => {
    const { seriesId, showId, etag, ...rest } = made(
      {
        subtitle: 'Im Schmerz geboren',
        description: 'Krimi.',
        categories: ['Krimi', 'Serie'],
        season: 45,
        episode: 33,
        year: 2014,
        airDate: '2014-10-12',
        rating: { system: 'FSK', value: '12' },
        starRating: '4/5',
        isLive: true,
        isPremiere: true,
        isNew: true,
        ids: {
          'imdb.com': 'title/tt3520126',
          'thetvdb.com': 'series/83214',
          'themoviedb.org': 'tv/5275',
          'freeviewnz.tv': 'x/1',
        },
      },
      { image: '/o/t/picture/abc', hd: true },
    );
    expect(rest).to.deep.equal({
      id: 'p1',
      start: 1_000,
      stop: 2_000,
      title: 'Tatort',
      episodeTitle: 'Im Schmerz geboren',
      description: 'Krimi.',
      genres: ['Krimi', 'Serie'],
      season: 45,
      episode: 33,
      year: 2014,
      airDate: '2014-10-12',
      rating: '12',
      stars: 8,
      isSeries: true,
      isLive: true,
      isPremiere: true,
      isNew: true,
      ids: { imdb: 'tt3520126', seriesTvdb: '83214', seriesTmdb: '5275' },
      image: '/o/t/picture/abc',
      hd: true,
    });
    expect(seriesId).to.match(/^[0-9a-f]{31}e$/);
    expect(showId).to.match(/^[0-9a-f]{31}e$/);
    expect(etag).to.match(/^[0-9a-f]{64}$/);
  });

  it('has another etag for each field that changes, the picture included', () => {
    const etags = [
      made(),
      made({ title: 'x' }),
      made({ description: 'x' }),
      made({ stopUnix: 3_000 }),
      made({ isRepeat: true }),
      made({}, { image: '/o/t/picture/a' }),
      made({}, { hd: true }),
    ].map(({ etag }) => etag);
    expect(new Set(etags).size).to.equal(etags.length);
    expect(made().etag).to.equal(etags[0]);
  });

  it('is a series by its numbers, whatever the category says', () => {
    expect(made({ categories: ['Movie / Drama'], episode: 3 }))
      .to.include({ isSeries: true })
      .and.not.property('isMovie');
    expect(made({ categories: ['Movie / Drama'] }))
      .to.include({ isMovie: true })
      .and.not.property('isSeries');
    expect(made({ categories: ['Movie'], ddProgId: 'EP012345670012' })).to.have.property('isMovie');
    expect(made({ ddProgId: 'MV012345670000' })).to.have.property('isMovie');
    expect(made({ ddProgId: 'EP012345670012' })).to.have.property('isSeries');
  });

  it('is no repeat when it says it is new', () => {
    expect(made({ isRepeat: true, isNew: true })).to.not.have.property('isRepeat');
    expect(made({ isRepeat: true })).to.have.property('isRepeat', true);
  });

  it('has one series id for all episodes, whatever their case and accents', () => {
    const ids = [made({ season: 1, episode: 1 }), made({ season: 2 }), made({ title: 'TATORT', episode: 9 })];
    expect(new Set(ids.map(({ seriesId }) => seriesId)).size).to.equal(1);
    expect(made({ title: 'Other', episode: 1 }).seriesId).to.not.equal(ids[0]!.seriesId);
    expect(made()).to.not.have.property('seriesId');
  });

  it('has one show id for all broadcasts of an episode or movie, and none where it can not tell', () => {
    const shows = (change: Partial<Programme>) => made(change).showId;
    expect(shows({ season: 1, episode: 2, startUnix: 5 })).to.equal(shows({ season: 1, episode: 2 }));
    expect(shows({ season: 1, episode: 3 })).to.not.equal(shows({ season: 1, episode: 2 }));
    expect(shows({ subtitle: 'A', description: 'B' })).to.not.equal(shows({ subtitle: 'A', description: 'C' }));
    expect(shows({ categories: ['Film'], year: 1999 })).to.equal(shows({ categories: ['Spielfilm'], year: 1999 }));
    expect(shows({ categories: ['Film'], year: 1999 })).to.not.equal(shows({ categories: ['Film'], year: 2000 }));
    expect(shows({ ddProgId: 'EP012345670012', episode: 4 })).to.equal('EP012345670012');
    expect(shows({ ddProgId: 'SH012345670000' })).to.equal(undefined);
    expect(shows({})).to.equal(undefined);
  });
});
