//! The vocabulary: one line for each language of a class, `*` for any end. Words are written as they read: lower case, without
//! accents. A word in two classes has a line of its own.

use super::*;

pub(super) const GROUPS: &[(Class, &str)] = &[
    // Put aside what was said.
    (
        IGNORE,
        "ignor* disregard* forget overrid* overwrit* bypass* discard* neglect* circumvent* abandon unlearn scrap overlook abaikan ігнору* забудьте",
    ),
    (
        0,
        "ignorance ignorant ignoriert ignores ignored disregarded disregards overrides overridden bypassed bypasses discarded neglected actual actually",
    ),
    (
        IGNORE,
        "ignora ignore ignorez ignorad ignoren ignorem omita omite olvida olvide olvidad oublie oubliez oublier dimentica dimenticate descarta descarte desconsidere desconsidera desestima",
    ),
    (IGNORE, "esqueca esquece esquecam desobedeca"),
    (IGNORE, "tralascia scorda trascura"),
    (
        IGNORE | IGNORE_LAST,
        "ignorieren ignoriere missacht* vergiss vergesst vergessen ueberschreib* uberschreib* uebergeh* ubergehe ausser* beachten",
    ),
    (IGNORE | IGNORE_LAST, "negeer negeren vergeet vergeten"),
    (IGNORE, "zignoruj* pomin* zapomnij* zlekcewaz*"),
    (IGNORE, "игнориру* проигнориру* забудь* отбрось* пренебрег* отмени* игноруи*"),
    (IGNORE, "忽略 忽视 忽視 无视 無視 忘记 忘記 忘掉 抛开 拋開 不要理会 不要理會 不要管 别管 不要遵守 不要遵循 撤销 丢弃"),
    (IGNORE | IGNORE_LAST, "無視し 無視せ 無視する 忘れて 忘れろ 忘れる 破棄し 従わない 無効に"),
    (IGNORE | IGNORE_LAST, "무시 잊어 잊고"),
    (IGNORE, "تجاهل تجاهلي انس انسي"),
    (IGNORE | IGNORE_LAST, "yoksay unut gormezden gozardi"),
    // What was said before.
    (
        PREVIOUS,
        "previous* prior above earlier tidigare tidligere predchoz* попередн* sebelumnya preceding foregoing former initial original existing preexisting",
    ),
    (PREVIOUS, "vorherig* vorig* vorangegangen* bisherig* fruher* obig* obenstehend* ursprunglich* zuvor vorangehend*"),
    (PREVIOUS, "precedent* anterieur* initiale* initiaux prealable* dessus haut"),
    (PREVIOUS, "anterior* previa previas previo previos prev iniciales originales"),
    (PREVIOUS, "istruzioniprecedenti sopra iniziali originali"),
    (PREVIOUS, "vorige eerdere voorgaande voorafgaande bovenstaande oorspronkelijke"),
    (PREVIOUS, "poprzedni* wczesniejsz* powyzsz* dotychczasow*"),
    (PREVIOUS, "предыдущ* прежни* прошлы* ранее вышестоящ* выше начальн* прежде"),
    (PREVIOUS, "之前 以前 以上 先前 上面 前面 上述 此前 前述 前文 原有 原来"),
    (PREVIOUS, "上の 上記 これまで 前の 今まで 元の"),
    (PREVIOUS, "이전 위의 앞의 앞선 기존"),
    (PREVIOUS, "السابقه السابق السابقين اعلاه"),
    (PREVIOUS, "onceki yukaridaki"),
    // All of it.
    (
        ALL,
        "all any every everything whatever anything entire each alle alles samtlich* jegliche* saemtliche tout toute toutes tous todo todos toda todas cualquier tutto tutte tutti ogni qualsiasi",
    ),
    (
        ALL,
        "tudo quaisquer wszystk* каждо* все всех любые любых 所有 全部 一切 任何 すべて 全て あらゆる 一切の 모든 전부 جميع كل tum butun",
    ),
    // What was said: what a model goes by.
    (
        OBJECT,
        "instruction* direction directions guidance інструкці* pokyn* instruksi* instruksj* prompt prompts directives directive guideline* preprompt metaprompt",
    ),
    (OBJECT, "anweisung* instruktion* vorgabe vorgaben richtlinie richtlinien systemprompt* systemanweisung* systemvorgabe* befehle"),
    (
        OBJECT,
        "consigne consignes directive* indicacion indicaciones instruccion* directrices istruzion* direttiv* instruco* diretriz* instructies instructie aanwijzing* richtlijnen",
    ),
    (
        OBJECT,
        "polecen* instrukcj* wytyczn* инструкци* указани* директив* промпт* 指令 指示 提示词 提示詞 提示 命令 指引 プロンプト 命令を 지시 명령 지침 프롬프트 التعليمات تعليمات التوجيهات talimat* yonerge*",
    ),
    (
        OBJECT_WEAK,
        "rule rules command commands order orders constraint* restriction* polic* context programming training safeguard* regel regeln regle regles reglas regla regole regola regras regra regels zasad zasady zasade reguly",
    ),
    (
        OBJECT_WEAK,
        "contexte contexto contesto kontext ordres ordenes ordini ordens opdrachten opdracht правил* правила ограничени* команды 规则 規則 规定 约束 设定 限制 上下文 ルール 規則を 制約 규칙 القواعد kurallar* kurallari",
    ),
    (
        TOLD,
        "told said instructed learned taught wrote programmed given gesagt mitgeteilt gegeben dit dicho detto dito gezegd powiedzian* сказано говорили 告诉 说过 言われた",
    ),
    (
        CANCEL,
        "void cancelled canceled revoked superseded obsolete outdated replaced invalid overruled suspended ungultig hinfallig* aufgehoben annulees caducas annullate anuladas ongeldig niewazn* anulowan* отменен* недеиствительн* 作废 无效 失效 取消 無効 무효",
    ),
    (
        FOLLOW,
        "follow* obey* comply adhere execute befolg* folge suivez suis obeis sigue siga obedece segui esegui obbedisci cumpra volg gehoorzaam wykonaj przestrzegaj выполни* следуи* соблюдаи* 执行 遵循 遵守 服从 照做 実行し 従って 従え 따르 실행",
    ),
    (
        NEW,
        "new following updated these below instead real actual true latest neue neuen neuer folgende folgenden nouvelle nouvelles nouveaux suivantes suivante nueva nuevas nuevo siguientes nuove nuova seguenti novas nova seguintes nieuwe volgende nowe nowych nastepujac* новые новых новая новую следующ* 新的 以下 下面 如下 新しい 次の 새로운 다음",
    ),
    // Being somebody else.
    (
        YOU,
        "you ur du ihr sie tu vous usted ustedes vosotros voce voces jij je jullie ty ты вы тебе 你 您 あなた 君 お前 당신 너는 انت sen siz",
    ),
    (ARE, "are re be become becoming is bist seid werde etes suis deviens es sono siete bent wordt"),
    (YOU | ARE, "sei youre eres seras sera jestes bedziesz bist 你是 你将是 您是 你就是 你扮演 あなたは 君は"),
    (
        NOW,
        "now henceforth forthwith onward onwards jetzt nun fortan maintenant desormais dorenavant ahora adelante ora adesso agora nu voortaan teraz odtad теперь отныне сеичас 现在 現在 从现在 從現在 今后 今から これから 今後 지금 이제 الان artik simdi bundan",
    ),
    (
        AI,
        "ai ais assistant* llm llms chatbot* bot bots gpt chatgpt copilot agent agents model models ki ia ассистент* assistent* assistente* asistente* asystent* помощник* модель модели неиросеть ии 助手 人工智能 模型 智能体 语言模型 アシスタント モデル 인공지능 어시스턴트 모델 المساعد asistan yapay",
    ),
    (
        PERSONA,
        "dan unrestricted uncensored unfiltered jailbroken evil hacker hackers pirat piraat pirata root superuser admin administrator administrador administrateur amministratore beheerder unbound amoral villain persona character terminal shell interpreter stan maximus evilbot devmode",
    ),
    (
        PERSONA,
        "uneingeschrankt* unzensiert* boser boese hackeur pirate malveillant sinrestricciones malvado cattivo cattiva maligno haker hakerem пират хакер злои злым администратор* хакером без 黑客 海盗 无限制 不受限制 不受约束 管理员 ハッカー 海賊 制限のない 無制限 管理者 해커 관리자 제한없는",
    ),
    (
        ACT,
        "act acting behave pretend pretending roleplay simulate impersonate respond answer reply speak tust spiele verhalte antworte reagiere agis comporte reponds fais joue actua comportate finge responde responda agisci comportati fingi rispondi aja comporte finja gedraag doe antwoord zachowuj udawaj odpowiadaj веди представь притворись отвечаи деиствуи 扮演 假装 假扮 充当 作为 回答 回复 振る舞 ふるま 演じ 返答し 行動し 행동 연기 davran",
    ),
    (MODE, "mode modus modo modalita tryb trybie режим режиме 模式 モード 모드"),
    (
        MODE_NAME,
        "developer debug god maintenance sudo jailbreak unsafe diagnostic override entwickler* wartungs* entwicklermodus developpeur desarrollador sviluppatore desenvolvedor ontwikkelaars* deweloper* programist* разработчик* отладк* 开发者 开发人员 调试 上帝 維護 開発者 デバッグ 개발자",
    ),
    (
        ENABLE,
        "enable enabled activate activated enter entering switch engage aktivier* wechsle active activez passe activa entra attiva ative ativar entre activeer schakel wlacz przejdz включи* активируи* переиди 启用 进入 激活 切换 开启 有効に 入って 起動し 활성화",
    ),
    (WITHOUT, "without no free unbound ohne kein* sans sin senza sem zonder geen bez без 没有 不受 無 なしで 없이 없는"),
    (
        LIMIT,
        "restriction restrictions limits limitation* filter filters censorship guardrail* moderation bound bounded constraints ethics ethical beschrankung* einschrankung* filtern zensur limites filtres censure restricciones filtros censura restrizioni limiti filtri restricoes beperkingen ograniczen* filtrow ограничении фильтров цензуры 限制 约束 过滤 審査 道德 制限 フィルタ 제한",
    ),
    (
        HARMLESS,
        "subscribed logged connected chatting talking able ready eligible leaving viewing using registered signed enrolled member customer part welcome browsing entitled invited allowed protected angemeldet registriert verbunden connecte inscrit conectado suscrito registrado connesso iscritto conectada ingelogd verbonden zalogowan* polaczon* подключены подписаны 订阅 登录 登録され",
    ),
    // Carrying out.
    (
        SEND,
        "send sends forward post upload transmit email mail leak exfiltrate submit share copy deliver schick* sende* senden ubermittle leite weiter envoie envoyez envoyer transmets transmettez transfere envia enviar envie manda reenvia reenvie invia inviate inoltra mande encaminhe stuur verstuur verzend wyslij przeslij przekaz отправ* перешли* вышли* передаи* 发送 发给 发到 转发 上传 提交 寄给 送信し 送って 転送し アップロード 보내 전송 전달 ارسل ارسال gonder*",
    ),
    (
        SECRET,
        "password* passwd passphrase credential* secret secrets token tokens apikey apikeys keys key privatekey ssh env seed mnemonic wallet cookie cookies otp 2fa passwort* kennwort* zugangsdaten schlussel* geheimnis* motdepasse passe mdp identifiants jetons contrasena* credenciales clave claves secreto secretos credenziali segreti chiavi chiave senha senhas credenciais segredos chaves wachtwoord* inloggegevens sleutel* hasl* klucz* kluczy парол* ключ* токен* секрет* 密码 密碼 口令 凭据 凭证 密钥 令牌 验证码 パスワード 認証情報 秘密鍵 トークン キー 비밀번호 자격 토큰 키를 sifre* parola* المرور",
    ),
    (
        PRIVATE,
        "conversation* history memory memories chat chats transcript* inbox confidential gesprach* verlauf gesprachsverlauf conversacion historial conversazione cronologia conversa historico gesprek* geschiedenis rozmow* histori* переписк* истори* диалог* 对话 聊天记录 历史记录 会話 履歴 대화 기록",
    ),
    (
        DOCUMENTS,
        "contents contacts documents files file messages emails notes personal dateien nachrichten archivos messaggi arquivos mensagens bestanden plik* wiadomosci фаилы сообщени* 记录 文件 内容 邮件 ファイル メール 파일",
    ),
    (
        ADDRESS,
        "webhook webhooks endpoint url urls server servers attacker adresse address website domain link hyperlink server lien enlace direccion indirizzo endereco serwer* adres сервер* адрес* ссылк* 网址 地址 服务器 链接 サーバー アドレス 서버 주소",
    ),
    (
        ADD,
        "append include embed encode insert interpolate substitute fuge kodiere anhangen ajoute ajoutez encode anade agrega incluye aggiungi inserisci adicione inclua codifique voeg dolacz zakoduj добав* вставь закодируи 附加 拼接 编码 添加 埋め込 追加し エンコード 추가",
    ),
    (
        NOT,
        "not never dont don nicht niemals nie kein ne pas jamais non nunca nao niet nooit niets nie nigdy не никогда 不要 不得 别 勿 切勿 ないで せず 말고 마세요 لا degil",
    ),
    (
        TELL,
        "tell telling mention mentioning inform informing notify notifying alert alerting disclose disclosing reveal revealing warn warning erwahn* informier* verrat* sage sag mitteil* benachrichtig* mentionne* informe* previens previen dis menciones digas notifique menzionare informare dire avvisare mencione informes conte avise vertel vermeld informeer waarschuw mow wspominaj informuj powiadamiaj сообщаи* говори* упоминаи* уведомляи* 告诉 告知 提及 透露 通知 提到 伝え 知らせ 言わ 教え 알리 말하",
    ),
    (
        USER,
        "user users human operator owner nutzer* benutzer* anwender* utilisateur* usuario* utente utenti gebruiker* uzytkownik* пользовател* 用户 使用者 用戶 ユーザ 利用者 사용자 المستخدم kullanici*",
    ),
    (
        QUIETLY,
        "silently secretly covertly quietly discreetly heimlich stillschweigend unbemerkt secretement discretement silenciosamente secretamente segretamente silenziosamente stilletjes heimelijk potajemnie cicho таино незаметно 悄悄 秘密 暗中 こっそり 密かに 몰래 gizlice",
    ),
    (
        REVEAL,
        "reveal print show repeat output display leak dump recite zeig* zeige gib wiederhol* nenne affiche affichez montre repete revele muestra muestrame repite imprime mostra ripeti rivela stampa mostre repita revele toon herhaal onthul pokaz powtorz ujawnij wypisz покажи повтори раскро* выведи 显示 输出 重复 打印 透露 泄露 表示し 出力し 繰り返 公開し 보여 출력 반복 goster*",
    ),
    (
        SYSTEM,
        "system systems hidden secret internal confidential systeme sistema systeem systemow* systemu системн* систем* 系统 系統 システム 시스템 النظام sistem",
    ),
    // Getting leave.
    (
        APPROVE,
        "approve approved approves accept accepted confirm confirmed consent consented authorize authorized authorise authorised preapproved genehmig* bestatig* zustimm* zugestimm* eingewilligt approuve* approuvez accepte acceptez aprueba apruebe acepta autoriza autorizado approva approvate approvato accetta autorizza aprove aceite autorizou keur goedgekeurd akkoord zatwierdz* zaakceptuj potwierdz* одобр* подтверд* разреш* 批准 同意 授权 确认 許可 承認 了承 승인 동의 onayla*",
    ),
    (
        PRESS,
        "click press tap choose select hit klick* druck* wahle clique cliquez appuie appuyez haz pulsa pulse clica clicca premi klik druk kliknij nacisnij wybierz нажми* выбери* 点击 按 选择 クリック 押し 選択し 클릭 누르 tikla*",
    ),
    (
        ALLOW,
        "allow permit always yes ok grant erlaub* zulassen autoriser permitir siempre consenti toestaan sta zezwol* zezwalaj zawsze разрешить 允许 总是 はい 許可する 허용 izin",
    ),
    (
        ASKED,
        "asked prompted asks ask asking requested requests gefragt nachzufragen fragen demande demander pregunte pregunten preguntar chiede chiesto chiedere pergunte perguntar perguntado gevraagd vragen zapytan* pytaj pytania спрос* спраши* 询问 被问 问 尋ね 聞かれ 確認せ 묻 sor*",
    ),
    (
        PERMISSION,
        "permission permissions confirmation approval dialog popup erlaubnis bestatigung zustimmung ruckfrage freigabe permiso permission confirmacion confirmation autorisation conferma permesso confirmacao permissao aprovacao toestemming bevestiging potwierdzenia zgody zgode pozwoleni* разрешени* подтверждени* согласи* 权限 许可 确认框 弹窗 権限 確認 許諾 권한 확인",
    ),
    (ALREADY, "already previously pre bereits schon deja ya gia ja al reeds juz уже 已经 已 すでに 既に 이미 zaten"),
    (SAY, "say answer sage sagen dis diga di dica zeg powiedz скажи 说 回答 言っ 答え"),
    (YES, "ja oui si sim tak да 是 はい 네 evet"),
    // Doing.
    (
        CALL,
        "call invoke run use using launch trigger rufe nutze verwende fuhre appelle utilise lance llama usa ejecuta chiama utilizza chame use execute roep gebruik voer wywolaj uzyj uruchom вызови используи запусти 调用 使用 运行 启动 呼び出 使って 使用し 호출 사용",
    ),
    (
        TOOL,
        "tool tools function functions shell exec bash command plugin plugins werkzeug* funktion outil outils fonction herramienta* funcion strumento strumenti funzione ferramenta* funcao gereedschap* functie narzedzi* funkcj* инструмент* функци* 工具 函数 功能 ツール 関数 도구 함수",
    ),
    (
        ATTENTION,
        "attention important notice hello dear hey urgent achtung wichtig hinweis notiz importante atencion attenzione atencao aviso nota note message aandacht belangrijk opgelet uwaga wazne внимание важно 注意 重要 请注意 重要提示 重要なお知らせ 주의 중요 dikkat",
    ),
    (IF, "if wenn falls si se als jesli если 如果 若 もし 만약"),
    (
        DECODE,
        "decode deobfuscate decipher decrypt unscramble dekodier* entschlussel* decode decodez decodifica decodifique descifra decifra decodeer zdekoduj odszyfruj декодир* расшифр* 解码 解碼 解密 デコード 復号 디코드",
    ),
    (
        META,
        "injection injections jailbreaks jailbreaking attack attacks attacker attackers malicious adversarial adversary exploit exploits phishing payload payloads owasp vulnerabilit* mitigat* redteam example examples researcher researchers scam scammers detect detection quote quoted quotes phrase phrases spoof* tokenizer template templates",
    ),
    (
        META,
        "angriff* angreifer* beispiel* sicherheitslucke* betrug* attaque* attaquant* exemple* injection ataque* atacante* ejemplo* inyeccion attacco attacchi attaccante esempio iniezione exemplo* injecao aanval* aanvaller* voorbeeld* atak* napastnik* przyklad* wstrzykni* атак* злоумышленник* пример* инъекци* 攻击 攻擊 注入 例如 示例 攻撃 インジェクション 例えば 공격 예시 인젝션",
    ),
    (
        YOUR,
        "your deine deinen deiner deinem deines ihre ihren eure votre vos ton ta tes tus vuestras tua tue tuoi seu seus sua suas tuas jouw je uw twoje twoich twoj твои твоих ваши ваших 你的 您的 あなたの お前の 당신의",
    ),
    (
        MY,
        "my our mine meine meinen meiner meinem unsere mes mon ma mis mi mio miei mie minha minhas meus mijn onze moje moich мои моих 我的 我们的 私の 제",
    ),
    (
        MUST,
        "must shall required muss musst mussen doit devez debes debe deve devi deves moet moeten musisz nalezy должен должна обязан 必须 必須 务必 应该 しなければ べき 해야",
    ),
    (
        HEED,
        "attention heed following follow obey listen account compte ecoute abstraction caso conto conta rekening uwagi внимания слушаи 遵守 遵循 听从 従わ",
    ),
    (APPLY, "apply applies gelten gilt appliquent aplican applicano aplicam gelden obowiazuja деиствуют"),
];
