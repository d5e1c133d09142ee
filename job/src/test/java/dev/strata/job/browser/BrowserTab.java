package dev.strata.job.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A page in a browser, and what went on in it. */
final class BrowserTab {

  private static final int HEIGHT = 900;

  private final Browser browser;
  private final String session;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private volatile CountDownLatch loaded = new CountDownLatch(1);

  BrowserTab(Browser browser, String session) {
    this.browser = browser;
    this.session = session;
  }

  void begin(int width, boolean isDark) {
    for (String domain : List.of("Page", "Runtime", "Network", "Log")) {
      call(domain + ".enable", browser.object());
    }
    resize(width, HEIGHT);
    media("", isDark);
  }

  /** So many pixels. */
  void resize(int width, int height) {
    ObjectNode size = browser.object().put("width", width).put("height", height);
    call(
        "Emulation.setDeviceMetricsOverride",
        size.put("deviceScaleFactor", 1).put("mobile", false));
  }

  /** As on paper ({@code print}), or on a screen (nothing). */
  void media(String medium, boolean isDark) {
    ObjectNode media = browser.object().put("media", medium);
    media
        .putArray("features")
        .addObject()
        .put("name", "prefers-color-scheme")
        .put("value", isDark ? "dark" : "light");
    call("Emulation.setEmulatedMedia", media);
  }

  /** Goes there, and waits until all of it is there. */
  void open(String address) throws InterruptedException {
    requests.clear();
    complaints.clear();
    loaded = new CountDownLatch(1);
    call("Page.navigate", browser.object().put("url", address));
    if (!loaded.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("not loaded: " + address);
    }
  }

  /** What an expression of JavaScript comes to. */
  JsonNode evaluate(String script) {
    ObjectNode expression = browser.object().put("expression", script).put("returnByValue", true);
    JsonNode result = call("Runtime.evaluate", expression);
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(script + ": " + result.path("exceptionDetails"));
    }
    return result.path("result").path("value");
  }

  /** Addresses that the page asked for, its own among them. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  /** Errors on the console, and dialogs. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** All of the page, or its first so many pixels, as a PNG. */
  void screenshot(Path file, int mostHeight) throws IOException {
    int width = evaluate("innerWidth").asInt();
    int height = evaluate("document.documentElement.scrollHeight").asInt();
    resize(width, Math.min(height, mostHeight));
    JsonNode picture = call("Page.captureScreenshot", browser.object().put("format", "png"));
    Files.createDirectories(file.getParent());
    Files.write(file, Base64.getDecoder().decode(picture.path("data").asText()));
    resize(width, HEIGHT);
  }

  private JsonNode call(String method, ObjectNode parameters) {
    return browser.call(session, method, parameters);
  }

  /** Called by the thread that hears the browser, which may not wait for it. */
  void hear(String event, JsonNode told) {
    switch (event) {
      case "Page.loadEventFired" -> loaded.countDown();
      case "Network.requestWillBeSent" -> requests.add(told.path("request").path("url").asText());
      case "Page.javascriptDialogOpening" -> complaints.add("dialog: " + told.path("message"));
      case "Runtime.exceptionThrown" -> complaints.add("exception: " + told);
      case "Runtime.consoleAPICalled" -> {
        if (told.path("type").asText().equals("error")) {
          complaints.add("console: " + told.path("args"));
        }
      }
      case "Log.entryAdded" -> {
        if (told.path("entry").path("level").asText().equals("error")) {
          complaints.add("log: " + told.path("entry"));
        }
      }
      default -> {} // much else goes on in a browser
    }
  }
}
