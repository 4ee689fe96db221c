// What tests read of a media playlist.

/** Parses the parts of a media playlist that tests look at. */
export function parsePlaylist(text) {
  const playlist = { sequence: 0, target: 0, discontinuitySequence: 0, segments: [], map: null };
  let pending = {};
  for (const line of text.split(/\r?\n/)) {
    const value = line.slice(line.indexOf(':') + 1);
    if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) playlist.sequence = Number(value);
    else if (line.startsWith('#EXT-X-TARGETDURATION:')) playlist.target = Number(value);
    else if (line.startsWith('#EXT-X-DISCONTINUITY-SEQUENCE:')) playlist.discontinuitySequence = Number(value);
    else if (line.startsWith('#EXTINF:')) pending.duration = parseFloat(value);
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) pending.pdt = Date.parse(value);
    else if (line === '#EXT-X-DISCONTINUITY') pending.discontinuity = true;
    else if (line.startsWith('#EXT-X-MAP:')) playlist.map = value.match(/URI="([^"]+)"/)[1];
    else if (line && !line.startsWith('#')) {
      playlist.segments.push({ ...pending, uri: line, msn: playlist.sequence + playlist.segments.length });
      pending = {};
    }
  }
  return playlist;
}
