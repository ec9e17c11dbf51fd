# ruff: noqa: RUF001, Russian has letters that look like Latin ones
"""What the words of error texts mean, in Turkish and Russian; see `refusal_words`."""

from agencia_async._protocol.refusal_words import Words

TURKISH: Words = {
    "key": "api anahtar*, anahtar*, api sifre*, api kod*",
    "account": "hesap, hesabiniz, hesabin, hesabi, hesaplar, uyelik, uyeliginiz",
    "owned": "hesabiniza, hesabinizda, hesabinizdan, hesabina, hesabinda, hesaba, hesapta, hesabinizin",
    "user": "kullanici, kullanicilar, uye, musteri",
    "api": "api erisim*",
    "ip": "ip adres*",
    "funds": "bakiye*, paraniz, kredi*, cuzdan*",
    "topup": "bakiye yukle*, bakiye ekle*, para yukle*, para yatir*",
    "service": "servis*, hizmet*, paket*",
    "link": "baglanti*, linki, linkiniz, linkte, linke, link icin, kullanici adi*, profil*, gonderi*"
    ", platform*, adres, adresi",
    "field": "miktar*, adet, adedi, sayi, sayisi, yorum*, ulke, cihaz, tarih, anahtar kelime*, aralik"
    ", metin, karakter*, zamanlama",
    "blank": "alan, alani, alanlar, parametre*, deger, degeri, format, bicim*",
    "order": "siparis*",
    "ordering": "siparis alimi*, yeni siparis*, siparis verme*",
    "id": "numara*",
    "refill": "telafi*, yenileme*, dolum*, garanti*, refill*",
    "cancel": "iptal*",
    "requests": "istek*, isteg*, deneme*, sorgu*, cagri*, talepler, girisim*",
    "request": "talep, talebi, talebiniz",
    "action": "islem*, metod*, yontem*, eylem*, komut*, fonksiyon*, ozellik*",
    "provider": "saglayici*, tedarikci*",
    "after for": "icin, icindir",
    "this": "bu",
    "you": "siz, size, sizin",
    "wrong": "gecersiz*, hatali*, yanlis*, bozuk, uyusmu*, eslesmi*, desteklenmeyen baglanti",
    "missing": "zorunlu*, gerekli*, gerekiyor, eksik*, bos, girilmedi, bos olamaz, bos birakilamaz",
    "enter": "girin, giriniz, secin, seciniz, belirtin, belirtiniz, yazin, yaziniz",
    "unknown": "bulunama*, bulunmu*, bilinmeyen, silinmis, mevcut degil, tanimsiz, bulunmamakta*",
    "off": "devre disi*, kapali*, kapatil*, pasif*, kullanilama*, desteklenm*, desteklemi*, izin veril*"
    ", izin vermi*, mumkun degil, durduruldu, kullanima kapali, yapilama*, edileme*, verileme*, sunulmu*"
    ", yoktur, satista degil, musait degil",
    "barred": "askiya alin*, askida, yasak*, engel*, banlan*, kisitlan*, bloke*, dondurul*, kara liste*",
    "pending": "beklemede, onay bekl*, onaylanmadi, onaylanmamis, onay, dogrulanmadi, dogrulanmamis"
    ", dogrulayin, inceleniyor, inceleme*",
    "inactive": "etkin degil, aktif degil, aktif edilmemis, aktif edilmedi",
    "ended": "suresi dol*, sure dol*, suresi gec*, sona er*, dolmus, suresi bit*",
    "many": "cok fazla, fazla sayida",
    "limit": "limit*, sinir*, asildi, asamaz, asiyor, asan, kota*, asti, ulasti, ulastiniz",
    "rate": "istek limiti, istek siniri, cok hizli, cok sik, yavaslayin, hiz siniri",
    "bound": "minimum*, maksimum*, en az, en fazla, en cok, fazla olamaz, az olamaz, arasinda olmali*"
    ", olmali*, buyuk*, kucuk*, cok uzun, cok kisa, cok buyuk, asgari, azami, daha fazla, daha az"
    ", en dusuk, en yuksek",
    "per": "basina, her, bir kez, arasinda, arasi",
    "pace": "dakikada, saniyede, saatte, gunde",
    "period": "saniye*, dakika*, saat*, gun, gunluk, hafta*, bugun",
    "wait": "bekleyin, bekleyiniz, beklemelisiniz, beklemeniz, sonra tekrar, kadar bekle*",
    "recent": "dakika once, saniye once, saat once, gun once, az once, biraz once, yeni verildi"
    ", kisa sure once",
    "already": "zaten, halihazirda, hala, onceden, daha once",
    "only": "sadece, yalnizca",
    "same": "ayni, benzer",
    "duplicate": "mukerrer, tekrarlanan, tekrar eden, cift",
    "active": "aktif, devam eden, devam ediyor, acik, isleniyor, islemde, sirada",
    "lacking": "yetersiz*, yetmiyor, yetmedi, yetersizdir",
    "low": "dusuk, cok az, eksi",
    "cannot": "mumkun olma*, edemezsiniz, veremezsiniz, yapamazsiniz, alinamaz, alinama*",
    "done": "tamamlan*, tamamlandi, bitti, teslim edil*, gonderildi, basladi",
    "unfinished": "tamamlanma*, bitmedi, baslamadi, gonderilmedi, henuz tamamlanma*, tamamlanmayan",
    "eligible": "uygun",
    "success": "basarili*, basariyla, tesekkur*",
    "private": "gizli*, ozel hesap",
    "public": "herkese acik",
    "maintenance": "bakim*",
    "denied": "yetkisiz*, erisim engellendi, erisim reddedildi, yetkiniz yok, giris yapin, oturum acin"
    ", kimlik dogrulama*",
    "reused": "baska bir siparis icin kullan*, baska sipariste kullan*",
    "valid": "gecerli, dogru",
    "able": "mevcut, musait, desteklen*, kullanilabilir, etkin",
    "enough": "yeterli",
    "verified": "onayli, onaylandi, dogrulandi",
    "after not": "degil, degildir",
    "none": "yok, bulunmamaktadir, mevcut degildir",
    "fault": "hata*, sorun*, ariza*, basarisiz*",
    "happen": "olustu, olusmustur, meydana gel*, verilirken, islenirken, olusturulurken, sirasinda"
    ", yapilirken, gerceklesti, yasandi, yasaniyor, alinirken",
    "system": "sunucu*, sistem*, veritabani*, baglanti hatasi, teknik, beklenmeyen, beklenmedik, dahili",
    "failure": "bir seyler ters gitti, bir sorun olustu, daha sonra tekrar, tekrar deneyin"
    ", tekrar deneyiniz, sonra deneyin, sistem hatasi, sunucu hatasi, bilinmeyen hata, bilinmeyen bir hata"
    ", beklenmeyen hata, beklenmeyen bir hata, zaman asimi*, hata olustu, olusturulama*, islenemedi"
    ", alinamadi, verilemedi, kaydedilemedi, gerceklestirilemedi, tamamlanamadi",
}

RUSSIAN: Words = {
    "key": "ключ*, апи ключ*, api ключ*, токен*",
    "account": "аккаунт*, учетная запись, учетнои записи, учетную запись, личныи кабинет, акаунт*",
    "user": "пользовател*, клиент*",
    "api": "апи, доступ к api",
    "ip": "ип адрес*",
    "funds": "средств*, баланс*, денег, деньги, деньгами, кредит*, счет, счете, счета, счету",
    "topup": "пополнит*, пополнения",
    "service": "услуг*, сервис*, тариф*, пакет*",
    "link": "ссылк*, ссылок, профил*, публикаци*, пост, поста, логин, имя пользователя, платформ*"
    ", страниц*, соцсет*",
    "field": "количеств*, кол во, комментари*, стран*, устроиств*, дата, даты, интервал*, хештег*, хэштег*"
    ", текст*, символ*, запуск*",
    "blank": "поле, поля, параметр*, значени*, формат*",
    "order": "заказ*",
    "ordering": "новые заказы, новых заказов, прием заказов, оформление заказов",
    "id": "ид, номер*, идентификатор*",
    "refill": "рефил*, восстановлени*, докрут*, гаранти*, восполнени*",
    "cancel": "отмен*",
    "requests": "запрос*, попыток, попытки, обращени*, вызовов",
    "request": "заявк*",
    "action": "деиств*, метод*, команд*, операци*, функци*",
    "provider": "поставщик*, проваидер*",
    "foreign": "инстаграм*, телеграм*, ютуб*, тикток*, канал*, вконтакте, вк, групп*",
    "for": "для, на, в, во, с, по, у, к, из, от",
    "this": "этот, эта, это, этого, этои, этому, эту, даннои, данного, данныи, данная, этим",
    "your": "ваш, ваша, ваше, вашего, вашеи, вашем, вашу, ваши",
    "you": "вы, вам, вас",
    "wrong": "неверн*, некорректн*, неправильн*, недеиствит*, недопустим*, ошибочн*, не подходит"
    ", не совпада*",
    "missing": "обязательн*, отсутств*, не указан*, не задан*, не заполнен*, требуется, пуст*, необходим*"
    ", не передан*, укажите обязательн*",
    "enter": "укажите, введите, выберите",
    "unknown": "неизвестн*, несуществующ*, удален*",
    "off": "недоступ*, отключен*, выключен*, деактивир*, приостановлен*, закрыт*, запрещен*, остановлен*"
    ", отключили, снят*, невозможн*, не предусмотрен*",
    "barred": "заблокир*, забанен*, бан, заморожен*, ограничен доступ, блокирован*",
    "pending": "ожидает подтверждения, ожидает проверки, ожидает, на рассмотрении, на проверке"
    ", на модерации, не подтвержден*, подтвердите, активируите",
    "inactive": "неактив*",
    "ended": "истек*, закончил*, прошел, прошло, просрочен*, окончен*",
    "many": "слишком много, слишком большое число",
    "limit": "лимит*, превыш*, исчерпан*, ограничен*, достигнут*, квота",
    "rate": "слишком часто, слишком быстро, лимит запросов, превышен лимит запросов, частые запросы",
    "bound": "минимал*, максимал*, минимум, максимум, не менее, не более, меньше, больше, должно быть"
    ", должна быть, должен быть, должны быть, слишком длинн*, слишком корот*, слишком больш*, слишком мал*"
    ", от и до, не меньше, не больше, вне диапазона",
    "per": "кажд*, раз в, один раз, между",
    "pace": "в минуту, в час, в день, в секунду, за минуту",
    "period": "секунд*, минут*, час, часа, часов, часы, ч, дня, днеи, день, сутки, суток, сегодня",
    "wait": "подожд*, повторите через, попробуите через, дождитесь, через",
    "recent": "назад, только что, недавно",
    "already": "уже, все еще, еще не завершен предыдущии",
    "only": "только",
    "same": "таким же, такои же, такая же, тот же, тои же, этои же, одинаков*, идентичн*, аналогичн*"
    ", повторн*",
    "duplicate": "дубл*, дублик*",
    "active": "активн*, активен, активна, открыт*, выполняется, в работе, в процессе, в обработке"
    ", незавершен*",
    "lacking": "недостаточн*, не хватает, нехватк*, не хвата*",
    "low": "низк*, отрицательн*",
    "cannot": "нельзя, не может, не можете, не могут, не удалось, не удается, не получилось",
    "done": "завершен*, выполнен*, заверш*, отправлен*, начат*, доставлен*, возвращен*",
    "eligible": "подлежит",
    "success": "успешн*, спасибо",
    "private": "приватн*, закрытыи аккаунт, закрытыи профиль, закрыт аккаунт, закрытая страница, скрыт*",
    "public": "публичн*",
    "maintenance": "технические работы, техническ* работ*, техработ*, обслуживани*, тех работы"
    ", профилактик*, ведутся работы",
    "denied": "доступ запрещен, отказано в доступе, нет доступа, не авторизован*, авторизуитесь"
    ", требуется авторизация, ошибка авторизации, воидите",
    "found": "наиден*, существу*, наити, нашли, наидено",
    "valid": "верн*, деиствит*, корректн*, правильн*, деиствующ*, деиствует",
    "able": "доступ*, поддержива*, разреш*, возможн*, предоставля*, включен*, принима*, допуска*",
    "enough": "достаточно, хватает",
    "given": "указан*, передан*, задан*",
    "verified": "подтвержден*, проверен*, одобрен*, активирован*",
    "authorised": "авторизован*",
    "not": "не, без, ни, нету",
    "none": "нет, отсутствуют",
    "fault": "ошибк*, сбои, проблем*, неполадк*, неудач*",
    "happen": "произош*, возник*, случил*, при обработке, при создании, при выполнении, при размещении"
    ", при оформлении, во время",
    "system": "сервер*, систем*, внутренн*, база данных, базы данных, сети, соединени*, технич*"
    ", непредвиденн*",
    "doing": "обработать, создать, сохранить, выполнить, оформить, разместить, подключиться",
    "failure": "что то пошло не так, попробуите позже, повторите позже, попробуите еще раз"
    ", попробуите снова, повторите попытку, позже, позднее, внутренняя ошибка, ошибка сервера"
    ", системная ошибка, неизвестная ошибка, непредвиденная ошибка, время ожидания, таимаут"
    ", превышено время",
}
