/** What a category says of a programme. A category can say several things: "Kids Movies". */
export const genreFlags = ['isMovie', 'isSeries', 'isSports', 'isNews', 'isKids'] as const;
export type GenreFlag = (typeof genreFlags)[number];

/**
 * Words and phrases of guides' categories, by what they mean: English (with the terms of DVB's EN 300 468 table 28), German, French,
 * Spanish, Italian, Portuguese, Dutch, Polish, Turkish, Arabic, Russian, Swedish, Danish, Norwegian, Finnish, Greek and Romanian. Phrases
 * are separated by commas and compared as whole words, without case and accents.
 */
export const genreWords: Readonly<Record<GenreFlag, readonly string[]>> = {
  isMovie: [
    'movie, movies, film, films, feature film, feature films, tv movie, telefilm, telemovie, cinema, motion picture, short film',
    'kinderfilm, jugendfilm, marchenfilm, zeichentrickfilm, spielfilm, spielfilme, fernsehfilm, kinofilm, tv film, kurzfilm, filme, kino, heimatfilm, stummfilm',
    'cine, pelicula, peliculas, largometraje, cortometraje, telepelicula, tv movies',
    'long metrage, court metrage, moyen metrage, film tv, film de cinema, film court metrage',
    'lungometraggio, cortometraggio, film per la tv, film tv',
    'filme, longa metragem, curta metragem, telefilme',
    'jeugdfilm, speelfilm, speelfilms, televisiefilm, korte film, bioscoopfilm, tv film',
    'film fabularny, film kinowy, film telewizyjny, filmy, kino',
    'sinema, sinema filmi, yabanci film, yerli film, filmi, filmler',
    'فيلم, أفلام, افلام, سينما, الأفلام',
    'фильм, фильмы, кино, кинофильм, художественный фильм, телефильм, х/ф, короткометражный',
    'barnfilm, bornefilm, barnefilm, langfilm, spelfilm, tv film, kortfilm, film och drama, spillefilm, tv film, kinofilm, elokuva, elokuvat, fiksjonsfilm',
    'ταινία, ταινίες, κινηματογράφος, τηλεταινία, μικρού μήκους',
    'filme artistice, film artistic, lungmetraj, scurtmetraj, filme',
  ],
  isSeries: [
    'series, tv series, serial, serials, miniseries, mini series, soap, soaps, soap opera, sitcom, sitcoms, telenovela, telenovelas, episodic, tv show, drama serial, webseries, web series',
    'kinderserie, jugendserie, trickserie, serie, serien, fernsehserie, tv serie, seifenoper, daily soap, doku soap, doku serie, mehrteiler, mini serie, zeichentrickserie',
    'serie televisiva, series de television, culebron, novela, comedia de situacion, serie tv, teleserie',
    'feuilleton, serie televisee, miniserie, mini serie, serie d animation, serie dramatique, serie policiere',
    'telefilm a episodi, sceneggiato, serie televisive, soap opera',
    'novelas, seriado, seriados, minisserie, serie de tv, teledramaturgia',
    'jeugdserie, tekenfilmserie, televisieserie, dramaserie, comedyserie, misdaadserie, soapserie',
    'serial, seriale, serial komediowy, serial obyczajowy, serial kryminalny, telenowela, miniserial, serial animowany, serial dokumentalny',
    'dizi, diziler, yerli dizi, yabanci dizi, televizyon dizisi, dizisi, mini dizi',
    'مسلسل, مسلسلات, سلسلة, حلقات',
    'сериал, сериалы, телесериал, мультсериал, мини сериал, мыльная опера, телероман, т/с, м/с',
    'barnserie, borneserie, barneserie, ungdomsserie, tv serie, dramaserie, komiserie, sapopera, saepeopera, tv serier, serier, sarja, sarjat, draamasarja, komediasarja, saippuasarja, minisarja',
    'σειρά, σειρές, τηλεοπτική σειρά, σαπουνόπερα, κωμική σειρά, δραματική σειρά, μίνι σειρά',
    'serial tv, serial tv de televiziune, seriale tv, serial de comedie, serial de drama, telenovele',
  ],
  isSports: [
    'sport, sports, sporting, football, soccer, basketball, baseball, hockey, ice hockey, tennis, golf, rugby, rugby league, rugby union, cricket, boxing, mma, ufc, wrestling, motorsport, motorsports, motor sport, formula 1, formula one, nascar, motogp, racing, horse racing, cycling, athletics, swimming, volleyball, handball, badminton, snooker, darts, skiing, ski, snowboarding, biathlon, surfing, sailing, olympics, olympic games, world cup, martial arts, equestrian, gymnastics, table tennis, water sport, water sports, winter sports, team sports, extreme sports, sports event, sports magazine, sports magazines, special events olympic games world cup etc, netball, softball, lacrosse, e sports, esports, afl, nfl, nba, nhl, mlb, commonwealth games',
    'fussball, bundesliga, leichtathletik, wintersport, wassersport, kampfsport, motorsport, radsport, eishockey, reiten, reitsport, schwimmen, boxen, turnen, skisport, skispringen, sportmagazin, sportsendung, sportnachrichten, pferdesport, ballsport',
    'deporte, deportes, futbol, baloncesto, balonmano, ciclismo, automovilismo, motociclismo, boxeo, tenis, atletismo, natacion, lucha libre, hipica, juegos olimpicos, beisbol',
    'cyclisme, handisport, sports mecaniques, sport automobile, athletisme, natation, boxe, lutte, hippisme, equitation, jeux olympiques, petanque, voile, patinage, multisports, formule 1, sports de combat, automobilisme, football americain, hockey sur glace',
    'calcio, pallacanestro, pallavolo, ciclismo, automobilismo, motociclismo, pugilato, atletica, nuoto, scherma, equitazione, ippica, olimpiadi, rubrica sportiva',
    'esporte, esportes, desporto, desportivo, desportos, futebol, basquete, voleibol, volei, automobilismo, atletismo, natacao, luta, hoquei, olimpiadas, andebol, modalidades',
    'voetbal, wielrennen, schaatsen, atletiek, zwemmen, autosport, boksen, ijshockey, paardensport, sportprogramma, sportnieuws, hockey',
    'pilka nozna, koszykowka, siatkowka, zuzel, kolarstwo, lekkoatletyka, plywanie, boks, narciarstwo, skoki narciarskie, pilka reczna, sportowy, sportowa, sportowe, magazyn sportowy, sporty walki, sporty motorowe, sporty zimowe, tenis, hokej',
    'spor, futbol, basketbol, voleybol, hentbol, tenis, boks, gures, yuzme, atletizm, bisiklet, motor sporlari, kis sporlari, spor haberleri, at yarisi',
    'رياضة, رياضي, رياضية, الرياضة, كرة القدم, كرة قدم, كرة السلة, كرة اليد, كرة الطائرة, مصارعة, ملاكمة, تنس, سباقات, فروسية, مباراة, مباريات',
    'спорт, спортивный, спортивная, спортивные, спортивное, футбол, хоккей, баскетбол, волейбол, теннис, бокс, биатлон, автоспорт, мотоспорт, легкая атлетика, плавание, гандбол, единоборства, борьба, фигурное катание, лыжный спорт, лыжи, регби, олимпийские игры, бои, гольф, велоспорт',
    'idrott, fotboll, ishockey, handboll, friidrott, skidor, langdskidor, alpint, trav, travsport, hastsport, bandy, innebandy, simning, fodbold, handbold, ishockey, haandbold, ridning, cykling, cykelsport, fotball, handball, langrenn, hopp, skoyter, friidrett, svomming, urheilu, jalkapallo, jaakiekko, koripallo, yleisurheilu, hiihto, ravit, sportsmagasin, sportsnyheter, vintersport',
    'αθλητικά, αθλητικό, αθλητικές, αθλητισμός, σπορ, ποδόσφαιρο, μπάσκετ, βόλεϊ, τένις, στίβος, πυγμαχία, κολύμβηση, ολυμπιακοί',
    'sportiv, sportiva, sportive, fotbal, baschet, handbal, volei, tenis, atletism, natatie, ciclism, gimnastica, stiri sportive',
  ],
  isNews: [
    'news, newscast, news magazine, news bulletin, news documentary, current affairs, newsmagazine, weather, weather report, journalism, news weather report, headlines, breaking news, public affairs, politics',
    'nachrichten, nachrichtensendung, nachrichtenmagazin, wetter, wetterbericht, wettervorhersage, aktuelles, zeitgeschehen, politmagazin, politik, regionalnachrichten, tagesschau, news magazin, wirtschaftsnachrichten, boulevardmagazin, regionalmagazin, infomagazin',
    'noticias, noticiero, informativo, informativos, telediario, actualidad, el tiempo, tiempo, meteorologia, politica',
    'actualite, actualites, journal, journal televise, jt, informations, info, meteo, magazine d information, magazine d actualite, politique, debat politique',
    'notiziario, telegiornale, tg, attualita, previsioni del tempo, informazione, cronaca',
    'noticiario, noticiarios, telejornal, jornal, jornalismo, jornalistico, informacao, atualidade, atualidades, previsao do tempo, meteorologia, reportagem',
    'nieuws, journaal, actualiteiten, actualiteit, actualiteitenprogramma, weer, weerbericht, nieuwsbulletin, politiek, nieuws actualiteiten',
    'wiadomosci, informacje, informacyjny, informacyjna, program informacyjny, serwis informacyjny, publicystyka, publicystyczny, program publicystyczny, pogoda, prognoza pogody, dziennik',
    'haber, haberler, haber bulteni, ana haber, haber programi, gundem, hava durumu, guncel, siyaset',
    'أخبار, اخبار, الأخبار, نشرة, نشرة الأخبار, إخباري, إخبارية, اخباري, الطقس, سياسة, سياسي',
    'новости, новостная, новостной, известия, вести, информационная программа, информационный, информационная, информационно аналитическая, прогноз погоды, погода, публицистика, политика, общественно политический',
    'nyheter, nyhetsprogram, aktuellt, vader, vadret, samhallsprogram, nyheder, nyhedsprogram, aktualitet, aktualiteter, vejret, vejr, nyhetsmagasin, vaeret, vaer, samfunn, uutiset, uutisohjelma, ajankohtaisohjelma, ajankohtainen, ajankohtaista, saa, samhalle, nyheter og aktualiteter',
    'ειδήσεις, δελτίο, δελτίο ειδήσεων, επικαιρότητα, ενημέρωση, ενημερωτικό, ενημερωτική, καιρός, πολιτική, δελτίο καιρού',
    'stiri, stirile, jurnal, telejurnal, actualitati, actualitate, informativ, meteo, vremea, buletin de stiri, politic, dezbatere politica',
  ],
  isKids: [
    "kids, kid, children, kids cartoons, childrens, children s, child, kids and family, preschool, pre school, cartoon, cartoons, toddlers, toddler, youth, children s youth programmes, children s youth programs, cartoons puppets, puppets, animated children, family animation, ages 0 2, ages 2 4, ages 5 7, ages 8 10, disney, nursery, pre school children s programmes, entertainment programmes for 6 to 14, entertainment programmes for 10 to 16, children's television, school programmes",
    'kinder, kindersendung, kinderprogramm, kinderserie, kinderfilm, zeichentrick, zeichentrickserie, zeichentrickfilm, jugend, jugendsendung, jugendserie, jugendfilm, kindermagazin, marchen, marchenfilm, trickfilm, trickserie, puppenspiel, vorschule, kinder jugend, kindernachrichten',
    'infantil, infantiles, ninos, dibujos animados, dibujos, juvenil, para ninos, preescolar, animacion infantil',
    'enfants, enfant, jeunesse, dessin anime, dessins animes, emission jeunesse, programme jeunesse, pour enfants, emission pour la jeunesse, serie jeunesse, marionnettes',
    'bambini, ragazzi, cartoni animati, cartone animato, cartoni, per bambini, per ragazzi, cartone, infanzia',
    'criancas, infanto juvenil, desenho animado, desenhos animados, desenhos, desenho, infantojuvenil, juventude, infantis',
    'jeugd, kinderen, kinderprogramma, jeugdprogramma, tekenfilm, tekenfilms, jeugdserie, jeugdfilm, kleuters, peuters, kinder jeugd, tekenfilmserie, poppenspel',
    'dla dzieci, dzieci, dzieciecy, dziecieca, dzieciece, kreskowka, kreskowki, bajka, bajki, dobranocka, mlodziezowy, mlodziezowa, dla mlodziezy, film dla dzieci, animowany dla dzieci, serial animowany, film animowany dla dzieci',
    'cocuk, cocuklar, cizgi film, cizgi dizi, cocuk programi, cizgi, genclik, animasyon cocuk, masal',
    'أطفال, اطفال, الأطفال, كرتون, كارتون, رسوم متحركة, للأطفال, طفل',
    'детский, детская, детские, детское, детям, для детей, мультфильм, мультфильмы, мультсериал, м/ф, м/с, мульт, сказка, сказки, юношеский, дети, анимационный детский',
    'barn, barnprogram, barnprogrammer, tecknat, tecknad, tecknade serier, ungdom, ungdomsprogram, barn och ungdom, barnfilm, barnserie, born, bornefilm, borneprogram, borneserie, tegnefilm, tegneserie, borne, barneprogram, barnefilm, barneserie, barne tv, barne, tegnefilm, ungdomsserie, lasten, lapset, lastenohjelma, lastenohjelmat, piirretty, piirretyt, nuoret, nuorten, bornenes',
    'παιδικό, παιδικά, παιδική, παιδικές, κινούμενα σχέδια, κινουμένων σχεδίων, παιδιά, νεανικό, νεανική, εφηβικό',
    'copii, pentru copii, desene animate, desen animat, desene, animatie copii, tineret, tineri',
  ],
};

/** Endings of compounds in German, Dutch and the Scandinavian languages: `Kriminalfilm`, `Krankenhausserie`, `dramaserie`. */
export const genreEndings: readonly (readonly [ending: string, flag: GenreFlag])[] = [
  ['spielfilm', 'isMovie'],
  ['film', 'isMovie'],
  ['komodie', 'isMovie'],
  ['serie', 'isSeries'],
  ['serien', 'isSeries'],
  ['reihe', 'isSeries'],
  ['nachrichten', 'isNews'],
  ['nieuws', 'isNews'],
  ['nyheter', 'isNews'],
  ['sport', 'isSports'],
];

/** Documentaries, magazines and songs that carry a word of the table without being what it means. */
export const genreExceptions: readonly string[] = [
  'dokumentarfilm, dokumentarfilme, naturfilm, tierfilm, reisefilm, lehrfilm, imagefilm, filmmagazin, kinomagazin, documentary film, film documentary',
  'documentaire film, documentary movie, film documentaire, film dokumentalny, filmy dokumentalne, film documentar, dokumentarni film, документальный фильм, документальные фильмы, д/ф, فيلم وثائقي, أفلام وثائقية, belgesel film, dokumentaarielokuva, documentaire, cine documental, pelicula documental, film documentario',
  'film magazine, movie magazine, film music, filmmusik, movie music, world series of poker, serial killer, serial killers, transport, passport',
];
