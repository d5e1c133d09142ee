package dev.strata.job.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** What every page of ours must be to the eye. */
final class Looks {

  /** Elements within one that hold more than they show, or stand beyond the edge. */
  private static final String CUT =
      """
      (() => {
        const cut = [];
        const name = e => e.tagName + '.' + (e.getAttribute('class') || '') + ': '
            + e.textContent.slice(0, 80);
        for (const e of document.querySelectorAll('%1$s, %1$s *')) {
          if (e instanceof SVGElement && e.tagName != 'svg') continue;
          const box = e.getBoundingClientRect();
          if (box.width == 0 && box.height == 0) continue;
          if (box.right > innerWidth + 1 || box.left < -1) cut.push('beyond the edge: ' + name(e));
          if (e instanceof SVGElement || e.clientWidth == 0) continue;
          if (e.scrollWidth > e.clientWidth + 1) cut.push('too wide: ' + name(e));
          const style = getComputedStyle(e);
          if (style.overflowY != 'visible' && e != document.body
              && e.scrollHeight > e.clientHeight + 1) cut.push('too high: ' + name(e));
          if (style.textOverflow == 'ellipsis') cut.push('ellipsis: ' + name(e));
        }
        return cut;
      })()
      """;

  /** Texts within an element that have too little contrast for WCAG's level AA. */
  private static final String PALE =
      """
      (() => {
        const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
        const rgba = colour => {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          return canvas.getImageData(0, 0, 1, 1).data;
        };
        const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        const luminance = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
        const behind = e => {
          for (; e; e = e.parentElement) {
            const colour = rgba(getComputedStyle(e).backgroundColor);
            if (colour[3] == 255) return colour;
          }
          return [255, 255, 255, 255];
        };
        const pale = [];
        const texts = document.createTreeWalker(document.querySelector('%s'), NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
          const e = texts.currentNode.parentElement;
          const inDrawing = e instanceof SVGElement || e.tagName == 'STYLE';
          if (inDrawing || !texts.currentNode.textContent.trim()) continue;
          const two = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))].sort();
          const contrast = (two[1] + 0.05) / (two[0] + 0.05);
          if (contrast < 4.5) {
            pale.push(contrast.toFixed(2) + ': ' + texts.currentNode.textContent.slice(0, 60));
          }
        }
        return pale;
      })()
      """;

  /** Of the colour behind an element, which may be that of the page around it. */
  private static final String BRIGHTNESS =
      """
      (() => {
        const canvas = document.createElement('canvas').getContext('2d');
        for (let e = document.querySelector('%s'); e; e = e.parentElement) {
          canvas.fillStyle = getComputedStyle(e).backgroundColor;
          canvas.fillRect(0, 0, 1, 1);
          const [r, g, b, opaque] = canvas.getImageData(0, 0, 1, 1).data;
          if (opaque == 255) return (r + g + b) / 3;
        }
        return 255;
      })()
      """;

  private Looks() {}

  /** Nothing is cut, and nothing is too pale to be read. */
  static void assertReadable(BrowserTab tab, String element) {
    assertThat(list(tab, CUT.formatted(element))).as("what is cut").isEmpty();
    assertThat(list(tab, PALE.formatted(element))).as("what is pale").isEmpty();
  }

  /** The colour behind. */
  static void assertDark(BrowserTab tab, String element, boolean isDark) {
    double brightness = tab.evaluate(BRIGHTNESS.formatted(element)).asDouble();
    assertThat(brightness < 60).as("dark, with a brightness of %s", brightness).isEqualTo(isDark);
    assertThat(brightness > 200)
        .as("light, with a brightness of %s", brightness)
        .isEqualTo(!isDark);
  }

  private static List<String> list(BrowserTab tab, String script) {
    List<String> texts = new ArrayList<>();
    tab.evaluate(script).forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
