"""What the words of error texts mean, in Spanish and Portuguese; see `refusal_words`."""

from agencia_async._protocol.refusal_words import Words

SPANISH: Words = {
    "key": "clave api, clave de api, clave de la api, clave, llave, llave api, llave de api, token de api"
    ", apikey, key de api",
    "account": "cuenta, cuentas",
    "user": "usuario, usuarios, cliente",
    "api": "acceso a la api, acceso api",
    "funds": "saldo, fondos, dinero, credito, creditos",
    "topup": "anade fondos, anada fondos, anadir fondos, agregue fondos, agrega fondos, agregar fondos"
    ", recarga* saldo, recarga* tu saldo, recargue su saldo, recarga* tu cuenta, recargue su cuenta"
    ", deposite",
    "service": "servicio, servicios, paquete, producto",
    "link": "enlace, enlaces, vinculo, nombre de usuario, perfil, publicacion, plataforma, red social",
    "field": "cantidad, cantidades, comentario*, etiquetas, menciones, pais, dispositivo, fecha"
    ", palabras clave, repeticiones, intervalo, respuesta, texto, caracteres, programacion, encuesta",
    "blank": "campo*, parametro*, valor, valores, formato",
    "order": "orden, ordenes, pedido, pedidos, compra",
    "ordering": "nuevos pedidos, nuevas ordenes",
    "id": "identificador, numero",
    "refill": "recarga, recargas, recargar, recargado, reposicion*, reponer, relleno, garantia, rellenar",
    "cancel": "cancela*, anula*",
    "requests": "solicitudes, peticiones, intentos, llamadas, consultas",
    "request": "solicitud, peticion, solicitada, solicitado, llamada",
    "action": "accion, metodo, operacion, funcion",
    "provider": "proveedor*",
    "for": "para, en, de, del, con, al, por, desde",
    "this": "este, esta, ese, esa, dicho",
    "your": "tu, su, tus, sus",
    "you": "usted, has sido, ha sido, tienes",
    "wrong": "incorrect*, invalid*, erroneo, erronea, equivocad*, mal, no coincide",
    "missing": "falta, faltan, faltante, obligatori*, requerid*, vaci*, necesari*, se requiere, ausente",
    "enter": "introduzca, introduce, ingrese, ingresa, indique, indica, elija, elige, seleccione"
    ", selecciona, especifique, proporcione",
    "unknown": "desconocid*, inexistente, eliminad*, borrad*",
    "off": "desactivad*, deshabilitad*, inhabilitad*, apagad*, cerrad*, prohibid*, pausad*, detenid*"
    ", agotad*",
    "barred": "bloquead*, suspendid*, banead*, vetad*, restringid*, expulsad*, inhabilitada por",
    "pending": "pendiente*, aprobacion, revision, verifique, verificacion, sin verificar, confirmar"
    ", active su, activar",
    "inactive": "inactiv*",
    "ended": "caducad*, vencid*, expirad*, expiro, terminado el plazo, ha terminado, finalizo, vencio, plazo",
    "many": "demasiad*",
    "limit": "limite, limites, excedid*, excede*, superad*, alcanzad*",
    "rate": "limite de solicitudes, limite de peticiones, muy rapido, demasiado rapido, muy seguido"
    ", con demasiada frecuencia",
    "bound": "minim*, maxim*, al menos, como maximo, como minimo, menor que, mayor que, mas de, menos de"
    ", mayor a, menor a, debe ser, deben ser, debe estar, supera el maximo, fuera de rango"
    ", demasiado largo, demasiado larga, demasiado corto, hasta",
    "per": "cada, una vez, entre, intervalo entre, tiempo entre",
    "pace": "por minuto, por hora, por dia, por segundo, al dia",
    "period": "segundo*, minuto*, hora, horas, dia, dias, semana*, hoy",
    "wait": "espere, espera, esperar, aguarde, vuelva en, intente de nuevo en, intentelo de nuevo en",
    "recent": "hace, recientemente, acaba, recien",
    "already": "ya, todavia, aun, ya existe",
    "only": "solo, solamente, unicamente",
    "same": "mismo, misma, identic*, igual, repetid*",
    "duplicate": "duplicad*, duplica",
    "active": "activ*, abiert*, en curso, en progreso, en proceso, en marcha",
    "lacking": "insuficiente*, falta de",
    "low": "baj*, negativ*",
    "cannot": "no se puede, no puede, no puedes, no es posible, imposible, no se pueden, no se pudo"
    ", no pudo, no pudimos",
    "done": "completad*, finalizad*, terminad*, entregad*, enviad*, iniciad*, reembolsad*",
    "eligible": "apto, apta, elegible*",
    "success": "exito*, exitosamente, gracias",
    "private": "privad*",
    "public": "public*",
    "maintenance": "mantenimiento",
    "denied": "acceso denegado, no autorizad*, sin autorizacion, autenticacion fallida, inicie sesion"
    ", inicia sesion",
    "reused": "ya se uso para otr*, usado para otr*",
    "found": "encontrad*, existe, existen, encontro, encuentra, encontrar, encontramos",
    "valid": "valid*, correct*",
    "able": "disponible*, permitid*, permite*, soportad*, admitid*, admite*, habilitad*, posible, ofrece*"
    ", incluye*, acepta*, funciona",
    "enough": "suficiente*",
    "given": "indicad*, proporcionad*, especificad*",
    "verified": "verificad*, aprobad*, confirmad*",
    "authorised": "autorizad*",
    "not": "no, sin, nunca, tampoco, ningun, ninguna, ninguno",
    "fault": "error*, fallo*, fallid*, problema*",
    "happen": "ocurri*, ocurre, produjo, producido, al procesar, al realizar, al crear, al hacer, durante"
    ", mientras, hubo, sucedio",
    "system": "servidor, sistema, intern*, base de datos, red, conexion, tecnic*, inesperad*",
    "doing": "procesar, procesado, procesada, realizar, crear, guardar, conectar, ejecutar, procesarse",
    "failure": "algo salio mal, algo ha salido mal, intente mas tarde, intentelo mas tarde"
    ", intenta mas tarde, vuelva a intentarlo, intentelo de nuevo, intente nuevamente, intente de nuevo"
    ", intentalo de nuevo, mas tarde, error interno, error del servidor, error desconocido"
    ", error inesperado, tiempo de espera, tiempo agotado",
}

PORTUGUESE: Words = {
    "key": "chave api, chave da api, chave de api, chave, chave de acesso",
    "account": "conta, contas",
    "user": "usuario, utilizador, cliente",
    "funds": "saldo, fundos, dinheiro, creditos",
    "topup": "adicione fundos, adicione saldo, adicionar saldo, adicionar fundos, recarregue sua conta"
    ", recarregue seu saldo, coloque saldo",
    "service": "servico, servicos, pacote, produto",
    "link": "nome de usuario, perfil, publicacao, postagem, plataforma, rede social",
    "field": "quantidade, comentarios, comentario, pais, dispositivo, palavras chave, intervalo, execucoes"
    ", texto, agendamento",
    "blank": "campo*, parametro*, valor, valores, formato",
    "order": "pedido, pedidos, ordem, compra, encomenda",
    "ordering": "novos pedidos",
    "id": "numero, identificador",
    "refill": "reposicao, reposicoes, repor, recarga, reabastecimento, garantia, reposta",
    "cancel": "cancela*",
    "requests": "requisicoes, solicitacoes, tentativas, chamadas, pedidos de api, consultas",
    "request": "requisicao, solicitacao, solicitada, solicitado, chamada",
    "action": "acao, metodo, operacao, funcao",
    "provider": "fornecedor*, provedor*",
    "for": "para, em, na, do, de, com, ao, pela, pelo, nesta, neste, nessa, nesse",
    "this": "este, esta, esse, essa, deste, desta",
    "your": "sua, seu, suas, seus",
    "you": "voce, voces",
    "wrong": "incorret*, invalid*, errad*",
    "missing": "faltando, falta, obrigatori*, exigid*, necessari*, vazi*, ausente, requerid*",
    "enter": "informe, insira, digite, escolha, selecione, preencha, forneca, indique",
    "unknown": "desconhecid*, inexistente, removid*, excluid*",
    "off": "desativad*, indisponiv*, desabilitad*, desligad*, fechad*, proibid*, pausad*, encerrad*",
    "barred": "bloquead*, suspens*, banid*, restrit*",
    "pending": "pendente*, aprovacao, em analise, verifique, verificacao, confirme, ative, ativar",
    "inactive": "inativ*",
    "ended": "expirad*, expirou, vencid*, venceu, encerrou, prazo, terminou, esgotou",
    "many": "muitas, muitos, demais",
    "limit": "limite, limites, excedid*, excede*, excedeu, atingid*, atingiu, ultrapass*",
    "rate": "limite de requisicoes, limite de solicitacoes, muito rapido, rapido demais"
    ", com muita frequencia",
    "bound": "minim*, maxim*, pelo menos, no maximo, no minimo, menor que, maior que, mais de, menos de"
    ", deve ser, devem ser, deve estar, fora do intervalo, muito longo, muito longa, ate",
    "per": "a cada, cada, uma vez, entre, intervalo entre, tempo entre",
    "pace": "por minuto, por hora, por dia, por segundo, ao dia",
    "period": "segundo*, minuto*, hora, horas, dia, dias, semana*, hoje",
    "wait": "aguarde, espere, aguardar, esperar, tente novamente em, tente de novo em",
    "recent": "ha, recentemente, acabou de, acaba de",
    "already": "ja, ainda",
    "only": "apenas, somente, so",
    "same": "mesmo, mesma, identic*, igual, repetid*",
    "duplicate": "duplicad*, duplicidade",
    "active": "ativ*, abert*, em andamento, em progresso, em processamento",
    "lacking": "insuficiente*",
    "low": "baix*, negativ*",
    "cannot": "nao pode, nao podem, nao e possivel, impossivel, nao foi possivel, nao pude"
    ", nao conseguimos, nao pode ser",
    "done": "concluid*, completad*, completo, completa, finalizad*, entregue, enviad*, iniciad*"
    ", reembolsad*, terminad*",
    "eligible": "elegivel, elegiveis, qualificad*",
    "success": "sucesso, obrigado",
    "private": "privad*, privativ*",
    "public": "public*",
    "maintenance": "manutencao",
    "denied": "acesso negado, nao autorizad*, autenticacao falhou, falha na autenticacao, faca login"
    ", faca o login",
    "reused": "ja foi usado para outr*, usado em outr*",
    "found": "encontrad*, existe, existem, localizad*, encontramos",
    "valid": "valid*, corret*",
    "able": "disponiv*, permitid*, permite*, suportad*, suporta, habilitad*, possivel, oferece*, aceit*"
    ", tem acesso, funciona",
    "enough": "suficiente*, bastante",
    "given": "informad*, fornecid*, especificad*",
    "verified": "verificad*, aprovad*, confirmad*",
    "authorised": "autorizad*",
    "not": "nao, sem, nunca, nenhum, nenhuma",
    "fault": "erro*, falha*, falhou, problema*",
    "happen": "ocorreu, ocorrido, aconteceu, ao processar, ao realizar, ao criar, ao fazer, durante"
    ", enquanto, houve",
    "system": "servidor, sistema, intern*, banco de dados, rede, conexao, tecnic*, inesperad*",
    "doing": "processar, processado, processada, realizar, criar, salvar, conectar, executar",
    "failure": "algo deu errado, tente mais tarde, tente novamente, tente de novo, tente outra vez"
    ", mais tarde, erro interno, erro do servidor, erro desconhecido, erro inesperado, tempo esgotado"
    ", tempo limite",
}
