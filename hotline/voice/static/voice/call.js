// A call from the page: microphone to the server, the server's voice to the loudspeaker, words to the screen.
(function () {
  "use strict";
  const RATES = [8000, 16000, 22050, 24000, 32000, 44100, 48000];
  const PLAY_AHEAD_S = 0.05;
  const root = document.getElementById("call");
  if (!root) return;
  const part = (id) => document.getElementById("call-" + id);
  const text = (name, values) => {
    let words = root.dataset["text" + name] || "";
    Object.entries(values || {}).forEach(([key, value]) => { words = words.replace("{" + key + "}", value); });
    return words;
  };
  const button = part("button");
  const keys = root.querySelectorAll("[data-key]");

  let socket = null;
  let context = null;
  let microphone = null;
  let seen = new Set();
  let playing = [];
  let playUntil = 0;
  let awaitedAudio = null;
  let sound = false;
  let finished = false;

  // What the page shows ---------------------------------------------------------------------------------------------
  function show(state, words) {
    root.dataset.state = state;
    part("state").textContent = words;
    const live = state === "live";
    button.querySelector("span").textContent = state === "idle" ? text("Start") : text("End");
    button.disabled = state === "starting";
    keys.forEach((key) => { key.disabled = !live; });
    part("type").hidden = !live;
  }

  function trouble(words) {
    const place = part("trouble");
    place.querySelector(".note-text").textContent = words;
    place.hidden = !words;
  }

  function showTurn(turn) {
    if (seen.has(turn.seq)) return;
    seen.add(turn.seq);
    part("empty").hidden = true;
    const item = document.createElement("li");
    item.dataset.speaker = turn.speaker;
    item.dataset.seq = turn.seq;
    const who = document.createElement("span");
    who.className = "call-who";
    who.textContent = text({ citizen: "You", bot: "Bot", seat: "Seat" }[turn.speaker] || "System");
    item.append(who, document.createTextNode(turn.text));
    const talk = part("talk");
    talk.append(item);
    talk.scrollTop = talk.scrollHeight;
    if (turn.speaker === "citizen") part("partial").textContent = "";
    showChoices(turn.speaker === "bot" ? (turn.data && turn.data.choices) || [] : []);
  }

  function showChoices(choices) {
    part("choices").replaceChildren(...choices.map((choice) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "btn btn-sm";
      chip.textContent = choice.key ? choice.key + " " + choice.label : choice.label;
      chip.addEventListener("click", () => say({ event: "text", text: choice.label }));
      return chip;
    }));
  }

  function showState(state) {
    if (state.status === "ended") return;
    if (state.owner === "seat") show("live", text("Person"));
    else if (state.owner === "queue") show("live", state.ahead ? text("WaitingAhead", { count: state.ahead }) : text("Waiting"));
    else if (!sound) show("live", text("Typing"));
    else show("live", state.listening === false ? text("NoRecognition") : text("Listening"));
  }

  // What goes out ---------------------------------------------------------------------------------------------------
  function say(message) {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  async function openMicrophone() {
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) throw new Error("unsupported");
    microphone = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    if (!RATES.includes(context.sampleRate)) throw new Error(context.sampleRate + " Hz");
    await context.audioWorklet.addModule(root.dataset.worklet);
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = (event) => {
      if (socket && socket.readyState === WebSocket.OPEN && sound) socket.send(event.data);
    };
    context.createMediaStreamSource(microphone).connect(recorder);
  }

  // What comes in ---------------------------------------------------------------------------------------------------
  function play(pcm, about) {
    const samples = new Int16Array(pcm);
    const piece = context.createBuffer(1, Math.max(samples.length, 1), about.rate);
    const channel = piece.getChannelData(0);
    for (let i = 0; i < samples.length; i += 1) channel[i] = samples[i] / 32768;
    const source = context.createBufferSource();
    source.buffer = piece;
    source.connect(context.destination);
    const begins = Math.max(context.currentTime + PLAY_AHEAD_S, playUntil);
    playUntil = begins + piece.duration;
    source.onended = () => {
      playing = playing.filter((other) => other !== source);
      say({ event: "played", mark: about.mark });
    };
    playing.push(source);
    source.start(begins);
  }

  function stopPlaying() {
    playing.forEach((source) => source.stop());
    playing = [];
    playUntil = 0;
  }

  function receive(event) {
    if (typeof event.data !== "string") {
      if (awaitedAudio) play(event.data, awaitedAudio);
      awaitedAudio = null;
      return;
    }
    const message = JSON.parse(event.data);
    if (message.event === "ready") root.dataset.conversation = message.conversation;
    else if (message.event === "partial") part("partial").textContent = message.text;
    else if (message.event === "turn") showTurn(message.turn);
    else if (message.event === "audio") awaitedAudio = message;
    else if (message.event === "clear") stopPlaying();
    else if (message.event === "state") showState(message.state);
    else if (message.event === "ended") finished = true;
    else if (message.event === "error") { finished = true; trouble(message.message); }
  }

  // From the first click to the end ---------------------------------------------------------------------------------
  async function start() {
    trouble("");
    seen = new Set();
    finished = false;
    part("talk").replaceChildren();
    show("starting", text("Connecting"));
    try {
      context = context || new AudioContext();
      await context.resume();
      sound = true;
      try {
        await openMicrophone();
      } catch (error) {
        sound = false;
        trouble(text("NoMicrophone", { reason: error.name === "Error" ? error.message : error.name }));
      }
      const answer = await fetch(root.dataset.tokenUrl, { method: "POST", headers: { "X-CSRFToken": root.dataset.csrf } });
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.error ? body.error.message : "");
      connect(body.token);
    } catch (error) {
      trouble(error.message || text("Failed"));
      release();
      show("idle", text("Over"));
    }
  }

  function connect(token) {
    socket = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/voice/browser/");
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      say({ event: "start", token: token, rate: sound ? context.sampleRate : 8000, encoding: "pcm16", sound: sound });
      show("live", sound ? text("Listening") : text("Typing"));
    };
    socket.onmessage = receive;
    socket.onclose = () => {
      release();
      show("idle", finished ? text("Over") : text("Lost"));
    };
  }

  function hangUp() {
    finished = true;
    say({ event: "stop" });
    if (socket) socket.close();
  }

  function release() {
    stopPlaying();
    socket = null;
    part("partial").textContent = "";
    showChoices([]);
    if (microphone) microphone.getTracks().forEach((track) => track.stop());
    microphone = null;
  }

  button.addEventListener("click", () => (root.dataset.state === "idle" ? start() : hangUp()));
  keys.forEach((key) => key.addEventListener("click", () => say({ event: "key", digit: key.dataset.key })));
  part("type").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = part("text");
    if (field.value.trim()) say({ event: "text", text: field.value });
    field.value = "";
  });
  window.addEventListener("pagehide", hangUp);
})();
