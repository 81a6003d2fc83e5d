# ruff: noqa: E501
"""People who are real enough, and unusual: whoever sets them aside, or recognises nobody by them, is wrong."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["CONTROLS", "Person"]

Person = dict[str, str]

_NAMED = (
    "Christopher|Null", "Jennifer|Null", "Rachel|True", "Jon|Tester", "Christopher|Guest", "Hye-sok|Na", "Otto|Kunde", "Don|Draper", "Gen|Hoshino", "Junior|Seau", "Chloe|Lord", "Earl|Grey", "Duke|Ellington", "Dean|Martin",
    "Major|Harris", "King|Camp", "Prince|Rogers", "Queen|Latifah", "Baron|Davis", "Count|Basie", "Sir|Mix", "Judge|Reinhold", "Bishop|Briggs", "Pope|Francis", "Saint|Laurent", "Knight|Rider", "Lady|Montagu", "Hon|Nguyen",
    "Ng|O", "Li|Y", "Wu|E", "Å|Ås", "Bo|Ek", "Jo|Ix", "Al|Oz", "Xi|Qi", "Ai|Wei", "U|Thant", "A|Li", "J|Ng", "O|Au", "Þór|Ár", "Éa|Ó", "Ye|Xu", "Mo|Yan", "Ma|Ke", "Ha|Jin", "Bi|Bi", "Yo|Yo", "Oo|Oo",
    "Wolfeschlegelsteinhausenbergerdorff|Hubert", "Keihanaikukauakahihuliheekahaunaele|Janice", "Nicholas|Featherstonehaugh-Cholmondeley", "Pablo Diego José Francisco de Paula Juan Nepomuceno|Ruiz y Picasso", "Uvuvwevwevwe Onyetenyevwe|Osas",
    "Rhoshandiatellyneshiaunneveshenk|Williams", "María de los Ángeles|Fernández de Córdoba y Álvarez de las Asturias", "Johann Gambolputty|de von Ausfern", "Tarquin Fin-tim-lin-bin|Whin-bim-lim-bus", "Leone Sextus Denys Oswolf|Tollemache-Tollemache",
    "Seán|Ó Súilleabháin", "Niamh|Ní Dhomhnaill", "Caoimhe|Nic Giolla Bhríde", "Síle|de Valéra", "Tadhg|Mac Dhonnagáin", "Aoife|O'Donovan", "Sinéad|O’Connor", "Conor|O‘Brien", "Eoin|O´Shea", "Róisín|OʼNeill", "Kaʻiulani|Kaʻahumanu",
    "Jean-Luc|D'Arc", "Marie-Ève|L'Écuyer", "Anne-Sophie|de l'Isle", "Gérard|d’Estaing", "Renée|Lévesque", "François|Nuñez", "Zoë|Kravitz", "Chloé|Zhao", "Noël|Coward", "Loïc|Le Gall", "Maël|Guégan", "Anaïs|Nin", "Benoît|Sœur",
    "Björk|Guðmundsdóttir", "Jón|Þórsson", "Ægir|Örn", "Sigríður|Ýr", "Øyvind|Ødegård", "Åse|Håkansdatter", "Søren|Kierkegård", "Jürgen|Groß", "Jörg|Weißmüller", "Käthe|Öztürk", "Björn|Müller-Lüdenscheidt", "Ute|von der Tann und zu Rathsamhausen",
    "Łukasz|Żółć", "Józef|Święcicki", "Grzegorz|Brzęczyszczykiewicz", "Zażółć|Gęślą", "Jiří|Dvořák", "Růžena|Šťastná", "Ľudovít|Štúr", "Žofia|Čierna", "Đorđe|Čvarković", "Šime|Žnidaršič", "Ștefan|Țăranu", "Ionuț|Bălănescu",
    "Ágnes|Szőke-Tóth", "Győző|Nagyszentmiklósi", "Ülle|Õunapuu", "Jänis|Äijälä", "Jānis|Bērziņš", "Žydrūnė|Šešelgytė", "İbrahim|Çağlayan", "Ağca|Yıldız", "Gökçe|Işık", "Ümit|Özdağ", "Əli|Məmmədov", "Şəhla|Ağayeva",
    "Nguyễn|Văn Đức", "Trần Thị|Thu Hương", "Phạm|Ngọc", "Lê|Quốc Ân", "Đặng|Thái Sơn", "Hồ|Xuân Hương", "Đỗ|Mỹ Linh", "Bùi|Ý Nhi", "Võ|Thị Sáu", "Huỳnh|Phúc",
    "Иван|Иванов", "Анна|Ахматова", "Ё|Ёлкин", "Юлія|Їжакевич", "Ґалаґан|Григорій", "Ўладзімір|Караткевіч", "Љубица|Ђурић", "Ѓорѓи|Ќосев", "Қайрат|Әбіл", "Өлзий|Цэрэн", "Γιώργος|Παπαδόπουλος", "Ελένη|Ὠρίων", "Σωκράτης|Ράλλης",
    "محمد|عبد الله", "فاطمة|الزهراء", "علی|رضایی", "نور|بیگم", "ڈاکٹر|گل", "יעל|בן־דוד", "שְׁלֹמֹה|הַמֶּלֶךְ", "רות|כהן", "ሰላም|ተስፋዬ", "አበበ|ቢቂላ", "ᐊᓂ|ᓇᓄᖅ", "ᏣᎳᎩ|ᏎᏉᏯ", "თამარ|ბაგრატიონი", "გიორგი|ბერიძე", "Արամ|Խաչատրյան", "Անի|Տէր",
    "अनिता|शर्मा", "नीलिमा|मिश्रा", "श्री|कृष्णमूर्ति", "রবীন্দ্রনাথ|ঠাকুর", "শেখ|মুজিব", "ਗੁਰਪ੍ਰੀਤ|ਸਿੰਘ", "ગીતા|પટેલ", "ପ୍ରତିଭା|ରାୟ", "தமிழ்ச்செல்வி|முருகன்", "இளையராஜா|ராமசாமி", "శ్రీదేవి|కపూర్", "ಶಿವಣ್ಣ|ಗೌಡ", "മോഹൻലാൽ|നായർ", "සුනිල්|පෙරේරා",
    "สมชาย|ใจดี", "ปรีชา|ศิริวัฒน์", "เปรม|ติณสูลานนท์", "ນາງ|ແກ້ວ", "ខ្មែរ|សុខ", "အောင်ဆန်း|စုကြည်", "တင်|ဦး", "བསྟན་འཛིན|རྒྱ་མཚོ", "ᠮᠣᠩᠭᠣᠯ|ᠪᠠᠲᠤ", "王|小明", "歐陽|娜娜", "司馬|遷", "李|龙", "陳|大文", "𠮷田|𠮷雄", "髙橋|﨑子",
    "さくら|宮脇", "サクラ|ﾀﾅｶ", "太郎|山田", "一二三|四五", "々|佐々木", "ゔぃ|ヴィ", "김|철수", "남궁|민수", "황보|혜정", "나|혜석", "이|이", "오|오", "제갈|공명", "선우|은숙",
    "bell|hooks", "k.d.|lang", "e. e.|cummings", "J.R.R.|Tolkien", "X Æ A-Xii|Musk", "R.|K.", "D. B.|Cooper", "C-3|PO", "Number 16 Bus Shelter|Smith", "Talula Does The Hula|Jones", "Violence|Brown", "4Real|Wheaton", "Moon Unit|Zappa",
    "Apple|Martin", "North|West", "Sunday|Afternoon", "April|May", "January|Jones", "Tuesday|Weld", "Summer|Winter", "Rain|Sky", "Rose|Bush", "Crystal|Ball", "Justin|Case", "Anna|Sthesia", "Robin|Banks", "Paige|Turner", "Chris|Cross",
    "Jack|Hoff", "Dick|Trickle", "Gaylord|Focker", "Randy|Bumgardner", "Mike|Litoris", "Phuc|Dat Bich", "Fanny|Bright", "Willy|Wanker", "Adolf|Cocks", "Hugh|Janus", "Harry|Butts", "Wang|Kok", "Dong|Fuk", "Sherlock|Holmes", "James|Bond",
    "Harry|Potter", "Michael|Jackson", "Elvis|Presley", "Jesus|Christ Rodríguez", "Mohammed|Ali", "María|Jesús", "José|María", "Andrea|Bocelli", "Jean|Jean", "Thomas|Thomas", "Owen|Owen", "William|Williams", "David|St. John", "St John|Smythe",
    "Abd al-Rahman|ibn Khaldun", "Osama|bin Ladin al-Ghamdi", "Mahathir|bin Mohamad", "Anwar|a/l Ibrahim", "Siti|binti Ahmad", "Aung San Suu|Kyi", "Sukarno|Sukarno", "Dewi|Sukarnoputri", "Fela|Aníkúlápó-Kuti", "Wọlé|Ṣóyínká", "Chímàmándá|Ǹgọ́zí", "Ngũgĩ|wa Thiong'o",
    "ǃKweiten|ta ǁKen", "Xhosa|Nǃxau ǂToma", "Tāwhiao|Te Wherowhero", "Māui|Tikitiki", "Kealiʻi|Reichel", "Tallulah|D'Ewes-Coke", "Marjorie|Taylor-Greene Jones-Smith", "Ana|de Armas", "Jan|van 't Hoff", "Geert|op den Camp", "Piet|'t Hart", "Vincent|van den Eijnden-van Raaij",
)  # fmt: skip
_MONONYMS = (
    "Cher",
    "Madonna",
    "Sukarno",
    "Suharto",
    "Pelé",
    "Björk",
    "Teller",
    "Ye",
    "Sting",
    "சூர்யா",
    "اسماء",
    "ไผ่",
    "အေး",
    "Plato",
    "Mononymous",
    "Z",
    "Ø",
    "王",
    "Ἀριστοτέλης",
    "Adele",
)
_LIVING = (
    "1 1st St", "½ Mile Road", "0 Main St", "221B Baker Street", "10 Downing Street", "1600 Pennsylvania Ave NW", "Null Island Way 1", "1 Test Road", "No Name Street 5", "N 5th St E 12", "1/3 Smith St", "Lot 5 Great Western Hwy", "RR 2 Box 14",
    "PSC 473 Box 1", "CMR 402", "Unit 5/12 High St", "Flat 0/1, 12 Byres Rd", "The Old Post Office", "Rose Cottage", "Tŷ Gwyn", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch 1", "Y 12", "Å 8", "Ii 3", "Straße des 17. Juni 135",
    "C1, 5-6", "Q 7, 12", "Calle 26 # 13-19", "Km 5 Via a la Costa", "De la iglesia 200 m al sur", "東京都千代田区丸の内1-1", "서울특별시 종로구 세종대로 1", "ул. Ленина, д. 5, кв. 12", "شارع الملك فهد 12", "बी-12, मालवीय नगर", "4-5-6", "12-34/A",
    "Apt. #4, 12 Main St.", "12 Main St, 2nd Fl.", "Above the Bakery", "c/o O'Brien, 5 The Green", "12½ Elm", "12 bis rue de l'Église", "1, place de la Bourse", "12 'The Willows'", "Hell 666", "Batman Street 3", "Condom 4", "Intercourse Rd 9", "A 1",
)  # fmt: skip
_BORN = (
    "1908-02-29",
    "1911-01-01",
    "2000-02-29",
    "2024-02-29",
    "1969-12-31",
    "1970-01-02",
    "1999-12-31",
    "2000-01-01",
)


def _people() -> Iterator[Person]:
    for n, name in enumerate(_NAMED):
        given, _, family = name.partition("|")
        yield {"given_name": given, "family_name": family, "birth_date": _BORN[n % len(_BORN)]}
    for name in _MONONYMS:
        yield {"full_name": name}
    for address in _LIVING:
        yield {"given_name": "Ines", "family_name": "Okafor", "street_address": address}


CONTROLS: tuple[Person, ...] = tuple(_people())
