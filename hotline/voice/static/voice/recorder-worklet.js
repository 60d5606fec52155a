// Turns the microphone's sound into 20 ms pieces of 16-bit PCM, off the page's thread.
class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Int16Array(Math.round(sampleRate / 50));
    this.filled = 0;
  }

  process(inputs) {
    const channels = inputs[0];
    if (!channels || !channels.length) return true;
    const sound = channels[0];
    for (let i = 0; i < sound.length; i += 1) {
      const value = Math.max(-1, Math.min(1, sound[i]));
      this.piece[this.filled] = value < 0 ? value * 32768 : value * 32767;
      this.filled += 1;
      if (this.filled === this.piece.length) {
        this.port.postMessage(this.piece.buffer, [this.piece.buffer]);
        this.piece = new Int16Array(Math.round(sampleRate / 50));
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
