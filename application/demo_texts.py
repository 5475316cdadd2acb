"""The words of the demo: people, places, and for every drawn scene its descriptions and captions in three languages.

Only texts and small tables live here; `demo_content` puts them together. Languages are `en`, `ru` and `ko`.
"""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ru", "ko"]
Mood = Literal["height", "water", "night", "field", "near", "town"]


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the demo before anything has happened to her."""

    username: str
    name: str
    language: Language
    place: str
    bio: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class SceneTexts:
    """What can be said about one kind of picture.

    `seeds` are the pictures of it that are worth showing, `places` keys of PLACES; the rest is by language.
    """

    mood: Mood
    seeds: tuple[int, ...]
    places: tuple[str, ...]
    alts: dict[Language, tuple[str, ...]]
    captions: dict[Language, tuple[str, ...]]
    tags: dict[Language, tuple[str, ...]]


PEOPLE: tuple[Somebody, ...] = (
    Somebody(
        "mira",
        "Mira Lindqvist",
        "en",
        "Bergen",
        "Weather, mostly. Up before the light, home before breakfast.",
    ),
    Somebody(
        "nplatov", "Николай Платонов", "ru", "Иркутск", "Лёд, туман и длинные выдержки. Живу у Байкала."
    ),
    Somebody("soyeon", "이소연", "ko", "서울", "골목과 산을 번갈아 걷습니다. 필름은 느리고 커피는 빠르게."),
    Somebody(
        "greta",
        "Greta Halvorsen",
        "en",
        "Lofoten",
        "Harbours, nets, northern lights. I mend boats in the summer.",
    ),
    Somebody(
        "admin",
        "Housekeeper",
        "en",
        "the server room",
        "I keep this place running. Write to me if something creaks.",
    ),
    Somebody("tomas.reis", "Tomás Reis", "en", "Lisbon", "White walls, hard shadows, one lens."),
    Somebody("anya_v", "Аня Воронова", "ru", "Петрозаводск", "Лес, озёра, чай из термоса."),
    Somebody("jiho.kim", "김지호", "ko", "강릉", "바다 옆에 삽니다. 해 뜨는 시간은 외우고 있어요."),
    Somebody("ines_m", "Inês Moura", "en", "Porto", "Potter. I photograph what comes out of the kiln."),
    Somebody("d.orlov", "Дмитрий Орлов", "ru", "Барнаул", "Алтай пешком. Рюкзак тяжёлый, кадров мало."),
    Somebody("haneul", "정하늘", "ko", "제주", "오름과 바람, 그리고 억새.", private=True),
    Somebody(
        "samuel_ok", "Samuel Okafor", "en", "Leeds", "Night walks and long exposures. Tripod named Gerald."
    ),
    Somebody(
        "lena.k", "Лена Кравец", "ru", "Санкт-Петербург", "Дожди и окна. Иногда солнце, и тогда тоже окна."
    ),
    Somebody("minjae_p", "박민재", "ko", "부산", "항구의 저녁을 모읍니다."),
    Somebody(
        "ruth.adeyemi", "Ruth Adeyemi", "en", "Edinburgh", "Hills at the weekend, spreadsheets in between."
    ),
    Somebody("pavel_sever", "Павел Северов", "ru", "Мурманск", "Смотрю на небо чаще, чем под ноги."),
    Somebody("yuna.c", "최유나", "ko", "전주", "가까이 있는 것들: 잎, 찻잔, 그림자."),
    Somebody(
        "oskar",
        "Oskar Brandt",
        "en",
        "Freiburg",
        "Forester. The trees hold still, which helps.",
        private=True,
    ),
    Somebody("katya.zima", "Катя Зимина", "ru", "Суздаль", "Снег, поля, тишина. Плёнка по праздникам."),
    Somebody("dohyun", "한도현", "ko", "속초", "설악산 아래에서 산을 올려다봅니다."),
    Somebody("amelie_b", "Amélie Bonnet", "en", "Manosque", "Fields, bees, the smell you cannot photograph."),
    Somebody("gleb_f", "Глеб Фомин", "ru", "Владивосток", "Туман, сопки, корабли.", private=True),
    Somebody("noor", "Noor Haddad", "en", "Marrakesh", "Sand in every camera I have owned."),
    Somebody("seo.a", "윤서아", "ko", "수원", "주말에만 사진가입니다.", private=True),
)
MORE_NAMES: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (("clara", "Clara"), ("jonas", "Jonas"), ("priya", "Priya"), ("elio", "Elio"), ("freya", "Freya")),
    "ru": (("vera", "Вера"), ("ilya", "Илья"), ("sonya", "Соня"), ("timur", "Тимур"), ("maya", "Майя")),
    "ko": (("jiwon", "지원"), ("hyunwoo", "현우"), ("bora", "보라"), ("sujin", "수진"), ("taeyang", "태양")),
}
MORE_BIOS: dict[Language, tuple[str, ...]] = {
    "en": ("New here. Mostly evenings.", "Learning to look up.", "One picture a week, no more."),
    "ru": ("Учусь смотреть.", "Снимаю по дороге домой.", "Немного плёнки, много терпения."),
    "ko": ("천천히 찍습니다.", "퇴근길의 하늘.", "한 주에 한 장."),
}

# Name, latitude and longitude in degrees.
PLACES: dict[str, tuple[str, float, float]] = {
    "seoraksan": ("Seoraksan", 38.1195, 128.4656),
    "jirisan": ("Jirisan", 35.3369, 127.7306),
    "altai": ("Altai, Chuya valley", 50.4120, 87.2690),
    "dolomites": ("Passo Giau", 46.4828, 12.0533),
    "roca": ("Cabo da Roca", 38.7804, -9.4989),
    "jeongdongjin": ("Jeongdongjin", 37.6910, 129.0340),
    "vladivostok": ("Tokarevsky lighthouse", 43.0727, 131.8438),
    "merzouga": ("Erg Chebbi, Merzouga", 31.1460, -3.9680),
    "khongor": ("Khongoryn Els", 43.7710, 102.1890),
    "hangang": ("Hangang, Seoul", 37.5172, 126.9895),
    "frankfurt": ("Frankfurt, Main riverside", 50.1050, 8.6760),
    "lofoten": ("Lofoten", 68.1466, 13.7989),
    "teriberka": ("Teriberka", 69.1643, 35.1451),
    "abisko": ("Abisko", 68.3495, 18.8312),
    "petersburg": ("Saint Petersburg", 59.9343, 30.3351),
    "bergen": ("Bergen", 60.3913, 5.3221),
    "valensole": ("Valensole", 43.8375, 5.9833),
    "boseong": ("Boseong tea fields", 34.7153, 127.0815),
    "karelia": ("Ruskeala, Karelia", 61.9463, 30.5806),
    "schwarzwald": ("Schauinsland", 47.9115, 7.8983),
    "braies": ("Lago di Braies", 46.6943, 12.0854),
    "multa": ("Multa lakes, Altai", 50.0060, 85.8290),
    "biei": ("Biei, Hokkaido", 43.5910, 142.4670),
    "suzdal": ("Suzdal", 56.4274, 40.4526),
    "utah": ("Monument Valley", 36.9980, -110.0985),
    "hallasan": ("Hallasan", 33.3617, 126.5292),
    "teide": ("Teide", 28.2724, -16.6425),
    "lisbon": ("Lisbon, Alfama", 38.7139, -9.1335),
    "ostuni": ("Ostuni", 40.7296, 17.5773),
    "oia": ("Oia", 36.4618, 25.3753),
    "busan": ("Cheongsapo, Busan", 35.1610, 129.1910),
    "svolvaer": ("Svolvær harbour", 68.2342, 14.5683),
    "naejangsan": ("Naejangsan", 35.4790, 126.8890),
    "pavlovsk": ("Pavlovsk park", 59.6850, 30.4530),
    "icheon": ("Icheon", 37.2722, 127.4350),
    "jeju": ("Hyeopjae, Jeju", 33.3940, 126.2396),
    "nazare": ("Nazaré", 39.6012, -9.0701),
    "olkhon": ("Olkhon, Baikal", 53.1540, 107.3430),
    "elbrus": ("Elbrus, south side", 43.3020, 42.4580),
    "chamonix": ("Aiguille du Midi", 45.8786, 6.8873),
    "suncheon": ("Suncheon Bay", 34.8850, 127.5090),
    "curonian": ("Curonian Spit", 55.1600, 20.8500),
    "skye": ("Isle of Skye", 57.5350, -6.2260),
}

SCENES: dict[str, SceneTexts] = {
    "ridges": SceneTexts(
        "height",
        (8, 5, 3),
        ("seoraksan", "jirisan", "altai", "dolomites"),
        {
            "en": (
                "Layers of mountain ridges fading into morning mist, firs along the nearest one.",
                "Blue ridges one behind the other, each paler than the last, under a soft sky.",
            ),
            "ru": ("Горные хребты один за другим тают в утренней дымке, на ближнем видны ели.",),
            "ko": ("안개 속으로 겹겹이 옅어지는 산등성이, 맨 앞에는 전나무가 서 있다.",),
        },
        {
            "en": (
                "Counted seven ridges before the coffee was ready.",
                "The mist stayed exactly as long as my fingers could bear it.",
                "Same bench, same hour, never the same number of mountains.",
                "Somewhere behind the fourth one is the village we slept in.",
            ),
            "ru": (
                "Вышли затемно ради этих двадцати минут.",
                "Хребты складываются, как бумага.",
                "Дальше пятого хребта карта уже не помогает.",
            ),
            "ko": (
                "능선을 세다가 해가 떴다.",
                "새벽 네 시에 일어난 보람.",
                "산 너머 산, 그 너머는 아직 이름을 모른다.",
            ),
        },
        {
            "en": ("mountains", "mist", "dawn"),
            "ru": ("горы", "туман", "рассвет"),
            "ko": ("산", "안개", "새벽"),
        },
    ),
    "sea": SceneTexts(
        "water",
        (7, 2, 4),
        ("roca", "jeongdongjin", "vladivostok"),
        {
            "en": (
                "Low sun over open sea, a road of glitter on the waves.",
                "Sea to the horizon under banks of lit cloud.",
            ),
            "ru": ("Низкое солнце над открытым морем, на волнах солнечная дорожка.",),
            "ko": ("수평선 가까이 내려온 해와 물결 위의 반짝임.",),
        },
        {
            "en": (
                "Nothing happened here for an hour and I did not look away once.",
                "The whole evening in one line of light.",
                "End of the road, literally. The bus turns around behind me.",
                "Salt on the lens, left it there.",
            ),
            "ru": (
                "Просто море. Больше ничего и не надо.",
                "Последние пять минут света.",
                "Ветер уносил штатив, море делало вид, что ни при чём.",
            ),
            "ko": (
                "오늘의 첫 빛.",
                "파도 소리까지 담을 수 있으면 좋겠다.",
                "기차에서 내리자마자 찍은 한 장.",
            ),
        },
        {"en": ("sea", "goldenhour", "horizon"), "ru": ("море", "закат"), "ko": ("바다", "일출")},
    ),
    "dunes": SceneTexts(
        "field",
        (7, 5),
        ("merzouga", "khongor"),
        {
            "en": (
                "Sand dunes with one side in the sun and the other in deep shadow, the crest between them a clean line.",
            ),
            "ru": (
                "Песчаные дюны: один склон на солнце, другой в глубокой тени, между ними чёткий гребень.",
            ),
            "ko": ("한쪽은 햇빛, 한쪽은 짙은 그늘인 모래 언덕.",),
        },
        {
            "en": (
                "The wind draws this line again every night.",
                "Up takes an hour. Down takes nine seconds.",
                "Shoes off at the bottom, regret at the top.",
                "I waited for the shadow to reach the second crest.",
            ),
            "ru": (
                "Гребень держится, пока по нему не пройдёшь.",
                "Песок поёт, если съезжать сидя.",
                "Тень пришла раньше, чем мы поднялись.",
            ),
            "ko": (
                "바람이 밤새 다시 그은 선.",
                "그늘 쪽 모래는 아직 차가웠다.",
                "발자국 없는 쪽으로만 걸었다.",
            ),
        },
        {"en": ("desert", "dunes", "light"), "ru": ("пустыня", "дюны"), "ko": ("사막", "모래")},
    ),
    "city": SceneTexts(
        "night",
        (5, 2),
        ("hangang", "frankfurt"),
        {
            "en": ("City towers at dusk with lit windows, reflected in a river.",),
            "ru": ("Башни города в сумерках, окна горят и отражаются в реке.",),
            "ko": ("해 질 녘 강에 비친 고층 건물들의 불빛.",),
        },
        {
            "en": (
                "Every lit square is somebody who should go home.",
                "Blue hour from the wrong side of the river, which is the right one.",
                "Third evening in a row. Finally no wind on the water.",
                "I used to work on the fourteenth floor of one of these.",
            ),
            "ru": (
                "Город включает окна по одному.",
                "Река сегодня спокойнее, чем люди на мосту.",
                "Смотрю на чужие окна и ставлю выдержку подлиннее.",
            ),
            "ko": ("다들 야근 중인 도시.", "강 건너에서 보면 조용하다.", "불 켜진 창을 세어 보았다."),
        },
        {"en": ("bluehour", "city", "reflections"), "ru": ("город", "вечер"), "ko": ("야경", "도시")},
    ),
    "aurora": SceneTexts(
        "night",
        (5, 7),
        ("lofoten", "teriberka", "abisko"),
        {
            "en": ("Green northern lights in folds over dark hills and firs, stars behind.",),
            "ru": ("Зелёные складки северного сияния над тёмными холмами и елями, за ними звёзды.",),
            "ko": ("전나무 숲 위로 커튼처럼 늘어진 초록빛 오로라.",),
        },
        {
            "en": (
                "It started while we were arguing about dinner.",
                "You hear nothing. That is the strange part.",
                "Four nights of cloud, then eleven minutes of this.",
                "No filter, no words, cold feet.",
            ),
            "ru": (
                "Ждали три ночи, смотрели семь минут.",
                "Чайник остыл, никто не заметил.",
                "Сегодня небо решило не спать.",
            ),
            "ko": ("숨소리도 내지 않고 올려다봤다.", "사흘을 기다린 십 분.", "하늘이 천천히 움직였다."),
        },
        {
            "en": ("aurora", "northernlights", "winter"),
            "ru": ("северноесияние", "север"),
            "ko": ("오로라", "밤하늘"),
        },
    ),
    "rain": SceneTexts(
        "night",
        (3, 2),
        ("petersburg", "bergen", "hangang"),
        {
            "en": ("Raindrops on a window at night, street lights blurred into coloured discs behind it.",),
            "ru": ("Капли дождя на ночном окне, за ним огни улицы, размытые в цветные круги.",),
            "ko": ("비 내리는 밤 창문의 물방울, 그 뒤로 번진 거리의 불빛.",),
        },
        {
            "en": (
                "Missed the tram, found this.",
                "It has rained for nine days. I have started to enjoy it.",
                "The street looks better out of focus.",
                "Waiting room, second floor, window seat.",
            ),
            "ru": ("Типичный вторник.", "Окно, дождь, никуда не надо.", "Дождь рисует лучше меня."),
            "ko": ("막차를 기다리며.", "비 오는 날은 유리창만 봐도 좋다.", "초점을 맞추지 않기로 했다."),
        },
        {"en": ("rain", "bokeh", "night"), "ru": ("дождь", "окно", "капли"), "ko": ("비", "창문", "밤")},
    ),
    "lavender": SceneTexts(
        "field",
        (3, 5),
        ("valensole",),
        {
            "en": ("Rows of lavender running to low hills on the horizon.",),
            "ru": ("Ряды лаванды уходят к невысоким холмам на горизонте.",),
            "ko": ("지평선까지 이어지는 라벤더 밭의 이랑.",),
        },
        {
            "en": (
                "Two weeks a year the whole plateau hums.",
                "Stand still and the bees forget you.",
                "Cut on Thursday. This was Wednesday.",
                "The straight lines are my neighbour's pride.",
            ),
            "ru": (
                "Пахнет так, что уходить не хочется.",
                "До горизонта и обратно пешком.",
                "Пчёлы главные, мы в гостях.",
            ),
            "ko": ("향기는 사진에 안 담긴다.", "벌 소리가 파도 같았다.", "수확 하루 전."),
        },
        {"en": ("lavender", "fields", "summer"), "ru": ("лаванда", "лето"), "ko": ("라벤더", "여름")},
    ),
    "tea": SceneTexts(
        "field",
        (3, 5),
        ("boseong",),
        {
            "en": ("Round green tea bushes in rows that meet at the horizon.",),
            "ru": ("Круглые зелёные чайные кусты рядами сходятся к горизонту.",),
            "ko": ("둥근 녹차나무가 줄지어 지평선까지 이어진 밭.",),
        },
        {
            "en": (
                "First leaves of the year were picked an hour earlier.",
                "Green, then greener.",
                "They gave me a cup and told me to stop photographing and drink.",
                "Walking between rows, one shoe per colour of mud.",
            ),
            "ru": (
                "Чай начинается вот так.",
                "Между рядами тихо, как в библиотеке.",
                "Зелёный всех оттенков сразу.",
            ),
            "ko": ("첫물차 따는 날.", "이랑 사이로 바람이 지나간다.", "한 잔 마시고 다시 걸었다."),
        },
        {"en": ("tea", "green", "morning"), "ru": ("чай", "зелень"), "ko": ("녹차밭", "초록", "보성")},
    ),
    "forest": SceneTexts(
        "field",
        (1, 2, 5),
        ("karelia", "schwarzwald"),
        {
            "en": (
                "Tall trunks in fog, shafts of light falling between them.",
                "A foggy wood, near trees dark, far ones almost gone.",
            ),
            "ru": ("Высокие стволы в тумане, между ними падают лучи света.",),
            "ko": ("안개 낀 숲의 곧은 나무들 사이로 내려오는 빛줄기.",),
        },
        {
            "en": (
                "Quiet enough to hear the drops let go.",
                "The fog counted the trees and left the rest out.",
                "An hour of this and my inbox seemed far away.",
                "Nobody spoke on the way back.",
            ),
            "ru": (
                "Лес сегодня говорил шёпотом.",
                "Туман держался до девяти.",
                "Пошли по грибы, принесли плёнку.",
            ),
            "ko": ("나무들 사이로 아침이 들어왔다.", "아무도 없는 길.", "안개가 걷히기 전에 한 장."),
        },
        {"en": ("forest", "fog", "trees"), "ru": ("лес", "туман", "тишина"), "ko": ("숲", "안개")},
    ),
    "lake": SceneTexts(
        "height",
        (4, 8),
        ("braies", "multa"),
        {
            "en": ("Snowy mountains and a line of firs doubled in a still lake.",),
            "ru": ("Снежные горы и полоса елей отражаются в неподвижном озере.",),
            "ko": ("잔잔한 호수에 비친 눈 덮인 산과 전나무들.",),
        },
        {
            "en": (
                "Turn your phone upside down, I dare you.",
                "One fish jumped. I had to wait twenty minutes for the mountains to come back.",
                "No wind until half past eight, then the picture was over.",
                "Too cold to swim. We swam.",
            ),
            "ru": (
                "Вода четыре градуса, проверено лично.",
                "Две горы по цене одной.",
                "Дошли за три дня. Ради такого можно и за четыре.",
            ),
            "ko": ("물이 산을 그대로 외우고 있었다.", "바람이 불기 전 십 분.", "위아래를 바꿔도 모를 아침."),
        },
        {"en": ("lake", "reflection", "mountains"), "ru": ("озеро", "отражение"), "ko": ("호수", "반영")},
    ),
    "snow": SceneTexts(
        "field",
        (1, 3, 8),
        ("biei", "suzdal"),
        {
            "en": ("A single bare tree in a wide white field, its shadow on the snow.",),
            "ru": ("Одинокое голое дерево посреди белого поля, на снегу его тень.",),
            "ko": ("하얀 눈밭에 홀로 선 나무와 그 그림자.",),
        },
        {
            "en": (
                "Minus nineteen and not a sound.",
                "I drove past this tree for six years before I stopped.",
                "Everything that is not needed has been removed.",
                "Left my own footprints out of the frame, with effort.",
            ),
            "ru": (
                "Минус двадцать два, полный штиль.",
                "Поле, дерево, всё.",
                "Возвращаюсь к нему каждую зиму.",
            ),
            "ko": ("소리까지 하얀 날.", "나무 한 그루면 충분하다.", "발자국을 남기지 않으려고 돌아서 갔다."),
        },
        {
            "en": ("snow", "minimal", "tree"),
            "ru": ("зима", "снег", "минимализм"),
            "ko": ("겨울", "눈", "나무"),
        },
    ),
    "leaf": SceneTexts(
        "near",
        (3, 2),
        (),
        {
            "en": ("Close view of a leaf against the light, its veins and a few drops of dew.",),
            "ru": ("Лист крупно на просвет: жилки и несколько капель росы.",),
            "ko": ("빛에 비친 잎의 잎맥과 이슬방울 몇 개.",),
        },
        {
            "en": (
                "Maps of small countries.",
                "Knees wet, worth it.",
                "Five centimetres wide, the whole thing.",
                "The garden, ten past seven, before the sun got to it.",
            ),
            "ru": ("Карта рек, которых нет.", "Росы хватило минут на десять.", "Живёт у нас на подоконнике."),
            "ko": ("잎 한 장의 지도.", "이슬이 마르기 전에.", "무릎이 젖는 줄도 몰랐다."),
        },
        {"en": ("macro", "leaf", "dew"), "ru": ("макро", "лист"), "ko": ("접사", "잎", "이슬")},
    ),
    "mesa": SceneTexts(
        "field",
        (4, 1),
        ("utah",),
        {
            "en": ("Red table mountains with layered cliffs over a dry plain.",),
            "ru": ("Красные столовые горы со слоистыми обрывами над сухой равниной.",),
            "ko": ("메마른 평원 위로 솟은 붉은 탁자 모양의 바위산.",),
        },
        {
            "en": (
                "It is further away than it looks. Everything here is.",
                "Two hundred million years, and the light needs four minutes.",
                "The road is straight so that you can look sideways.",
                "Red dust is now part of my luggage.",
            ),
            "ru": (
                "Масштаб понимаешь, только когда идёшь пешком.",
                "Камень цвета заката, даже в полдень.",
                "Пыль до сих пор в рюкзаке.",
            ),
            "ko": (
                "가까워 보여도 한 시간 거리.",
                "바위의 나이를 생각하다 하루가 갔다.",
                "지는 해보다 붉은 벽.",
            ),
        },
        {"en": ("desert", "roadtrip", "rock"), "ru": ("пустыня", "скалы"), "ko": ("사막", "여행")},
    ),
    "clouds": SceneTexts(
        "height",
        (2, 4, 8),
        ("hallasan", "teide"),
        {
            "en": ("A sea of clouds seen from above, low sun behind it.",),
            "ru": ("Море облаков, вид сверху, за ним низкое солнце.",),
            "ko": ("위에서 내려다본 구름 바다와 낮은 해.",),
        },
        {
            "en": (
                "Below this it was raining, they told me later.",
                "Above the weather for once.",
                "Walked up in grey, came out here.",
                "Looks soft. Is not. Ask any pilot.",
            ),
            "ru": ("Внизу дождь, а у нас вот.", "Вышли выше погоды.", "Облака стояли ровно по колено."),
            "ko": ("구름 위로 걸어 나왔다.", "아래는 비가 왔다고 한다.", "정상에서 마신 보온병 커피."),
        },
        {"en": ("clouds", "above", "sunrise"), "ru": ("облака", "высота"), "ko": ("구름", "운해")},
    ),
    "facade": SceneTexts(
        "town",
        (2, 8, 3),
        ("lisbon", "ostuni", "oia"),
        {
            "en": ("Plain walls and an outside stair under a deep blue sky, hard shadows across them.",),
            "ru": ("Гладкие стены и наружная лестница под синим небом, на них резкие тени.",),
            "ko": ("짙푸른 하늘 아래 흰 벽과 계단, 또렷한 그림자.",),
        },
        {
            "en": (
                "Geometry lesson, two in the afternoon, nobody else awake.",
                "The shadow moves a hand's width every ten minutes.",
                "Somebody repaints this wall each spring. Thank you, somebody.",
                "Forty degrees. The only shade is in the picture.",
            ),
            "ru": (
                "Полдень решает задачи по геометрии.",
                "Белый цвет здесь слепит даже в тени.",
                "Ждали, пока уйдёт кот. Кот остался за углом.",
            ),
            "ko": ("그림자가 벽을 나눈다.", "오후 두 시의 기하학.", "골목을 돌자 파란 하늘."),
        },
        {"en": ("architecture", "shadows", "lines"), "ru": ("архитектура", "тени"), "ko": ("건축", "그림자")},
    ),
    "harbour": SceneTexts(
        "water",
        (2, 3),
        ("busan", "svolvaer", "vladivostok"),
        {
            "en": ("Sailing boats as dark shapes in a harbour at dusk, hills behind, light on the water.",),
            "ru": ("Тёмные силуэты яхт в гавани на закате, за ними холмы, на воде отблески.",),
            "ko": ("해 질 무렵 항구에 떠 있는 배들의 실루엣.",),
        },
        {
            "en": (
                "All in before the wind.",
                "The third from the left is mine, the one that leaks.",
                "Masts ticking, gulls done for the day.",
                "They call this weather calm. It lasts until the ferry.",
            ),
            "ru": ("Все дома.", "Слышно, как постукивают мачты.", "Последний паром ушёл, стало тихо."),
            "ko": ("배들이 다 돌아온 저녁.", "돛대 부딪히는 소리만 난다.", "방파제 끝까지 걸었다."),
        },
        {
            "en": ("harbour", "boats", "dusk"),
            "ru": ("гавань", "закат", "яхты"),
            "ko": ("항구", "저녁", "바다"),
        },
    ),
    "moon": SceneTexts(
        "night",
        (2, 5),
        ("skye", "altai", "jirisan"),
        {
            "en": ("A full moon, partly behind thin cloud, over dark wooded hills.",),
            "ru": ("Полная луна за тонкими облаками над тёмными лесистыми холмами.",),
            "ko": ("어두운 능선 위로 옅은 구름에 걸린 보름달.",),
        },
        {
            "en": (
                "It came up exactly where the map said, eleven minutes late because of the hill.",
                "Bright enough to read the label on the flask.",
                "The dog howled. I did not, but I understood.",
                "Everyone else was looking at their screens. I too, but at a bigger moon.",
            ),
            "ru": (
                "Взошла точно по расписанию.",
                "Светло, хоть письма пиши.",
                "Луна застряла в ёлках, подождали.",
            ),
            "ko": ("오늘 달은 노란 쪽.", "능선에 걸린 달을 한참 봤다.", "손전등이 필요 없던 밤길."),
        },
        {"en": ("moon", "night", "hills"), "ru": ("луна", "ночь"), "ko": ("달", "밤")},
    ),
    "trails": SceneTexts(
        "night",
        (8, 5),
        ("teide", "altai", "skye"),
        {
            "en": ("Star trails turning around the pole above a dark ridge.",),
            "ru": ("Следы звёзд вращаются вокруг полюса над тёмным хребтом.",),
            "ko": ("어두운 능선 위로 원을 그리는 별의 궤적.",),
        },
        {
            "en": (
                "One hour, one cold battery, one planet turning.",
                "Fell asleep on minute forty. The camera did not.",
                "Proof that we are the ones moving.",
                "The tripod did all the work.",
            ),
            "ru": ("Час выдержки и термос.", "Земля вертится, проверено.", "Звёзды ходят кругами, мы тоже."),
            "ko": ("한 시간 동안 지구가 돌았다.", "별을 기다리다 잠들 뻔.", "보온병 두 개를 비운 밤."),
        },
        {
            "en": ("startrails", "longexposure", "stars"),
            "ru": ("звёзды", "выдержка"),
            "ko": ("별", "일주사진"),
        },
    ),
    "autumn": SceneTexts(
        "field",
        (1, 3, 6),
        ("seoraksan", "naejangsan", "pavlovsk"),
        {
            "en": ("Maple leaves in autumn colours against soft, warm lights.",),
            "ru": ("Кленовые листья в осенних красках на фоне мягких тёплых бликов.",),
            "ko": ("따뜻한 빛 앞에 늘어진 단풍잎.",),
        },
        {
            "en": (
                "One more windy night and this is over.",
                "Stood under it until the park closed.",
                "The tree outside the library is showing off again.",
                "The best week of the year.",
            ),
            "ru": (
                "Листья держатся из вежливости.",
                "Осень пришла в парк раньше нас.",
                "Шуршать можно до самого вечера.",
            ),
            "ko": ("올해 단풍은 이번 주까지.", "나무 아래 서서 고개만 들었다.", "가을이 머리 위로 왔다."),
        },
        {"en": ("autumn", "leaves", "maple"), "ru": ("осень", "листья"), "ko": ("단풍", "가을")},
    ),
    "coffee": SceneTexts(
        "near",
        (2, 6),
        (),
        {
            "en": ("A cup of coffee on a wooden table from above, window light falling across it.",),
            "ru": ("Чашка кофе на деревянном столе, вид сверху, поперёк лежит свет из окна.",),
            "ko": ("창으로 들어온 빛 아래 나무 탁자 위의 커피 한 잔.",),
        },
        {
            "en": (
                "The only meeting today.",
                "Letter half written, coffee half drunk.",
                "Window seat, nobody hurried me.",
                "It went cold while I found the angle.",
            ),
            "ru": (
                "Первый за день, лучший за день.",
                "Пока искали ракурс, остыл.",
                "Столик у окна, как всегда.",
            ),
            "ko": ("오늘의 첫 잔.", "구도 잡다가 식어 버렸다.", "창가 자리, 오후 세 시."),
        },
        {"en": ("coffee", "morning", "windowlight"), "ru": ("кофе", "утро"), "ko": ("커피", "창가")},
    ),
    "vases": SceneTexts(
        "near",
        (4, 2),
        ("icheon",),
        {
            "en": ("A few plain ceramic vessels on a table, lit softly from one side.",),
            "ru": ("Несколько простых керамических сосудов на столе, мягкий свет сбоку.",),
            "ko": ("옆에서 드는 부드러운 빛 속의 소박한 도자기 몇 점.",),
        },
        {
            "en": (
                "Out of the kiln this morning. One cracked, not shown.",
                "They get along better than most families.",
                "Same clay, different fires.",
                "The tall one leans. So does the table. It evens out.",
            ),
            "ru": (
                "Тихая компания.",
                "Одна глина, разный огонь.",
                "Полдня перестановок, и всё снова как было.",
            ),
            "ko": ("같은 흙, 다른 불.", "가마에서 막 나온 아이들.", "빛이 반쯤 만든 모양."),
        },
        {
            "en": ("ceramics", "stilllife", "clay"),
            "ru": ("керамика", "натюрморт"),
            "ko": ("도자기", "정물", "이천"),
        },
    ),
    "shadows": SceneTexts(
        "near",
        (5, 3),
        (),
        {
            "en": ("Evening sun through a window on a plain wall, with the shadow of a plant in it.",),
            "ru": ("Вечернее солнце из окна на пустой стене, в нём тень растения.",),
            "ko": ("벽에 비친 창문 모양의 저녁 햇빛과 식물 그림자.",),
        },
        {
            "en": (
                "Nine minutes, every clear evening, above the radiator.",
                "The plant is doing badly. Its shadow is thriving.",
                "New flat. This wall decided it.",
                "Free cinema.",
            ),
            "ru": (
                "Домашний кинотеатр, сеанс в 19:40.",
                "Солнце заходит в комнату первым.",
                "Цветок так себе, тень отличная.",
            ),
            "ko": ("저녁마다 벽에 오는 손님.", "화분보다 그림자가 잘 자란다.", "이사 온 집의 첫 저녁."),
        },
        {"en": ("light", "home", "wall"), "ru": ("свет", "дом", "тень"), "ko": ("빛", "그림자", "집")},
    ),
    "beach": SceneTexts(
        "water",
        (6, 3, 1),
        ("jeju", "nazare", "roca"),
        {
            "en": ("Surf on sand seen from straight above, foam in lace along the edge.",),
            "ru": ("Прибой на песке, снято прямо сверху: пена кружевом вдоль кромки.",),
            "ko": ("바로 위에서 내려다본 해변, 모래를 따라 번지는 하얀 물거품.",),
        },
        {
            "en": (
                "The sea signs its name and crosses it out.",
                "Flew the kite camera for the first time. It came back.",
                "Every seventh wave takes the sandcastle.",
                "From up here nobody's towel is in the way.",
            ),
            "ru": (
                "Море каждый раз пишет по-новому.",
                "Сверху всё похоже на карту.",
                "Песок, пена, вода. Повторить.",
            ),
            "ko": ("파도가 쓰고 지우는 글씨.", "위에서 보니 지도 같다.", "오늘 물빛은 유난히 맑았다."),
        },
        {"en": ("beach", "fromabove", "surf"), "ru": ("пляж", "прибой"), "ko": ("해변", "파도", "바다")},
    ),
    "ice": SceneTexts(
        "water",
        (3, 8),
        ("olkhon",),
        {
            "en": ("Clear dark ice with white cracks running to a far shore.",),
            "ru": ("Прозрачный тёмный лёд с белыми трещинами до далёкого берега.",),
            "ko": ("먼 기슭까지 하얀 금이 뻗은 맑고 어두운 얼음.",),
        },
        {
            "en": (
                "It sings at night when the cracks move.",
                "Sixty centimetres thick. I asked twice.",
                "Lying on my stomach for this one.",
                "You can see down until you would rather not.",
            ),
            "ru": (
                "Лёд гудел всю ночь.",
                "Шестьдесят сантиметров, можно не дышать.",
                "Трещины каждый день новые, как новости.",
                "Байкал зимой, без прикрас.",
            ),
            "ko": ("밤이면 얼음이 노래한다.", "엎드려서 들여다본 호수.", "두께 육십 센티, 두 번 물어봤다."),
        },
        {
            "en": ("ice", "baikal", "winter"),
            "ru": ("байкал", "лёд", "зима"),
            "ko": ("얼음", "바이칼", "겨울"),
        },
    ),
    "peaks": SceneTexts(
        "height",
        (6, 5),
        ("elbrus", "chamonix", "dolomites"),
        {
            "en": ("Steep snow mountains in low light, rock showing through the snow.",),
            "ru": ("Крутые снежные горы в низком свете, из-под снега выступают скалы.",),
            "ko": ("낮은 빛을 받은 가파른 설산, 눈 사이로 바위가 드러난다.",),
        },
        {
            "en": (
                "Turned around forty metres below the top. The mountain will wait.",
                "Last light, then the long way down by headlamp.",
                "Thin air, thick gloves, one frame.",
                "Everyone in this hut snores at a different height.",
            ),
            "ru": (
                "Повернули назад в ста метрах от вершины, и правильно.",
                "Свет держался четыре минуты.",
                "Высота 3 900, дышится через раз.",
            ),
            "ko": ("정상은 다음으로 미뤘다.", "장갑을 벗고 딱 한 장.", "해가 넘어가자 바위만 남았다."),
        },
        {"en": ("alpine", "snow", "climbing"), "ru": ("горы", "снег", "вершина"), "ko": ("설산", "등산")},
    ),
    "grasses": SceneTexts(
        "field",
        (3, 8),
        ("suncheon", "curonian"),
        {
            "en": ("Grass stems and ears dark against a low sun, most of them soft and out of focus.",),
            "ru": ("Стебли и колоски на фоне низкого солнца, большинство мягко размыты.",),
            "ko": ("낮은 해를 등진 풀과 이삭, 대부분 부드럽게 흐려져 있다.",),
        },
        {
            "en": (
                "The path to the station, if you take the long one.",
                "Wind did the composing.",
                "Five in the evening, field behind the school.",
                "Sneezed eleven times. Worth it.",
            ),
            "ru": (
                "Дорога на станцию, если не спешить.",
                "Поле гудит, ветер дирижирует.",
                "Колоски позировали плохо, но красиво.",
            ),
            "ko": ("바람이 고른 구도.", "집에 가는 먼 길.", "억새가 먼저 인사했다."),
        },
        {"en": ("goldenhour", "grass", "evening"), "ru": ("поле", "вечер", "лето"), "ko": ("억새", "노을")},
    ),
}

ASIDES: dict[Language, tuple[str, ...]] = {
    "en": (
        "More tomorrow if the weather holds.",
        "Second try.",
        "From last week's walk.",
        "Straight from the camera.",
        "Print of this goes to my mother.",
        "Handheld, breath held.",
        "I will be back with a longer lens.",
        "Scanned last night.",
        "No people today.",
        "The others from this series are worse.",
    ),
    "ru": (
        "Без обработки.",
        "Вторая попытка.",
        "Завтра пойду ещё раз.",
        "С прошлой прогулки.",
        "С рук.",
        "Остальные кадры хуже.",
        "Отсканировано вчера.",
    ),
    "ko": (
        "내일 또 가야지.",
        "두 번째 시도.",
        "지난주 산책에서.",
        "보정 없음.",
        "손으로 들고 찍음.",
        "나머지는 다 흔들렸다.",
        "어제 스캔했다.",
    ),
}
WITH: dict[Language, tuple[str, ...]] = {
    "en": (
        "With @{who}, who carried the tripod.",
        "@{who}, this is the one I told you about.",
        "Thanks for the lift, @{who}.",
        "For @{who}.",
    ),
    "ru": ("Вместе с @{who}.", "@{who}, то самое место.", "Спасибо за компанию, @{who}."),
    "ko": ("@{who} 님과 함께.", "@{who} 님, 여기예요.", "@{who} 님 덕분에 알게 된 곳."),
}

COMMENTS: dict[Mood, dict[Language, tuple[str, ...]]] = {
    "height": {
        "en": (
            "How early did you have to get up for this?",
            "I can feel the cold from here.",
            "That light on the far side.",
            "Is the hut still open this time of year?",
            "The layers, my goodness.",
            "I want to walk there. Slowly, but there.",
        ),
        "ru": (
            "Какая высота?",
            "Хочется туда прямо сейчас.",
            "Свет отличный, не передержали.",
            "Дымка как надо.",
            "А тропа сейчас сухая?",
        ),
        "ko": (
            "몇 시에 올라가셨어요?",
            "공기까지 보이는 것 같아요.",
            "다음 산행은 여기로 정했습니다.",
            "빛이 정말 좋네요.",
            "여기 길은 어떤가요?",
        ),
    },
    "water": {
        "en": (
            "I can hear this.",
            "The colour of that water.",
            "Could look at it all evening.",
            "Was it as calm as it looks?",
            "Salt air, please.",
            "You always find the quiet minute.",
        ),
        "ru": (
            "Слышно, как шумит.",
            "Какая вода!",
            "Можно смотреть весь вечер.",
            "Тишина видна.",
            "Ветра совсем не было?",
        ),
        "ko": (
            "파도 소리가 들리는 것 같아요.",
            "물빛이 예술이네요.",
            "바람이 없었나 봐요.",
            "저도 이 시간에 자주 가요.",
            "한참 보고 있었어요.",
        ),
    },
    "night": {
        "en": (
            "How long was the exposure?",
            "No noise at all, how?",
            "I would have frozen.",
            "This is what I miss in the city.",
            "The colours at the edge!",
            "Which night was this? I saw nothing but cloud.",
        ),
        "ru": (
            "Сколько секунд выдержка?",
            "Почти без шума, как?",
            "Зябко от одного вида.",
            "Красиво до мурашек.",
            "У нас в ту ночь было пасмурно.",
        ),
        "ko": (
            "노출은 몇 초인가요?",
            "노이즈가 하나도 없네요.",
            "추웠겠어요.",
            "색이 꿈같아요.",
            "그날 저는 구름만 봤어요.",
        ),
    },
    "field": {
        "en": (
            "So quiet.",
            "The lines lead me right out of the picture, in a good way.",
            "That shadow makes it.",
            "Looks like it smells good.",
            "Less is more, proof attached.",
            "I know a place just like this near my grandmother's.",
        ),
        "ru": (
            "Тихо и просторно.",
            "Тень держит весь кадр.",
            "Как из детства.",
            "Минимум деталей, максимум воздуха.",
            "Очень чисто построено.",
        ),
        "ko": (
            "고요하네요.",
            "선이 정말 깔끔해요.",
            "할머니 댁 생각이 나요.",
            "여백이 좋습니다.",
            "저 그림자가 사진을 살렸네요.",
        ),
    },
    "near": {
        "en": (
            "The texture!",
            "You make ordinary things look important.",
            "What lens is this close?",
            "I would hang this in the kitchen.",
            "Soft and exact at the same time.",
            "That edge of light.",
        ),
        "ru": (
            "Фактура потрясающая.",
            "Уютно.",
            "Каким объективом?",
            "На кухню бы такую.",
            "Свет как у старых мастеров.",
        ),
        "ko": (
            "질감이 살아 있네요.",
            "평범한 것을 특별하게 보시네요.",
            "무슨 렌즈인가요?",
            "부엌에 걸고 싶어요.",
            "빛이 딱 반만 들어왔네요.",
        ),
    },
    "town": {
        "en": (
            "Hard light, well used.",
            "I walked past this wall and saw nothing.",
            "The blue and the white, that is all it needs.",
            "Looks hot.",
            "Somebody should pay that shadow.",
        ),
        "ru": (
            "Геометрия отличная.",
            "Жарко даже смотреть.",
            "Сто раз мимо, и ни разу не увидеть!",
            "Тень на своём месте.",
        ),
        "ko": (
            "선과 면만으로 충분하네요.",
            "더워 보여요.",
            "하늘색이 시원합니다.",
            "그림자를 기다리신 거죠?",
        ),
    },
}
ANYTIME: dict[Language, tuple[str, ...]] = {
    "en": (
        "Beautiful.",
        "This one stays with me.",
        "Saved.",
        "Oh, I love this.",
        "Lovely frame.",
        "My new wallpaper, if I may.",
        "Best one this week.",
        "Quietly great.",
        "Would you sell a print?",
        "You and your patience.",
        "Made my morning.",
        "The grain suits it.",
        "Again, please, in winter.",
    ),
    "ru": (
        "Красота.",
        "Сохраняю себе.",
        "Отличный кадр.",
        "Лучшее за неделю.",
        "Очень.",
        "Спасибо, прямо настроение.",
        "Зерно тут к месту.",
        "Можно на обои?",
        "Терпение вознаграждается.",
    ),
    "ko": (
        "아름답네요.",
        "저장했어요.",
        "이번 주 최고의 사진.",
        "오래 보게 되네요.",
        "분위기 좋아요.",
        "배경 화면으로 써도 될까요?",
        "역시 기다린 보람이 있네요.",
        "따뜻합니다.",
        "인화해 두고 싶네요.",
    ),
}
REPLIES: dict[Language, tuple[str, ...]] = {
    "en": (
        "Thank you!",
        "Luck, mostly.",
        "Come along next time.",
        "About two hours of waiting.",
        "Tripod and stubbornness.",
        "It was colder than it looks.",
        "Of course, go ahead.",
        "Early. Too early.",
        "Good eye.",
        "I will send you the spot.",
    ),
    "ru": (
        "Спасибо!",
        "Просто повезло.",
        "Приезжайте, покажу.",
        "Часа два ждали.",
        "Штатив и упрямство.",
        "Конечно, берите.",
        "Холоднее, чем кажется.",
    ),
    "ko": (
        "고맙습니다!",
        "운이 좋았어요.",
        "다음에 같이 가요.",
        "두 시간 기다렸어요.",
        "삼각대 덕분이죠.",
        "그럼요, 쓰세요.",
        "보기보다 추웠어요.",
    ),
}
