package dev.strata.job.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A chromium without a window, spoken to by its own protocol (Chrome DevTools). */
final class Browser implements AutoCloseable {

  /** Where it is, if not among the programs of the machine. */
  private static final String PROGRAM = System.getProperty("strata.chromium", "chromium");

  private static final long MOST_SECONDS = 60;

  private final Process process;
  private final WebSocket socket;
  private final JsonMapper json = new JsonMapper();
  private final AtomicInteger calls = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final Map<String, BrowserTab> tabs = new ConcurrentHashMap<>();

  private Browser(Process process, URI address) {
    this.process = process;
    this.socket =
        HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(address, new Ear()).join();
  }

  /**
   * Starts it.
   *
   * @param profile an empty directory
   */
  static Browser start(Path profile) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                PROGRAM,
                "--headless=new",
                "--no-sandbox", // in containers, where the user is root
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("log").toFile())
            .start();
    Path port = profile.resolve("DevToolsActivePort");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    while (!Files.exists(port) || Files.readAllLines(port).size() < 2) {
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new IOException(
            PROGRAM + " does not start: " + Files.readString(profile.resolve("log")));
      }
      Thread.sleep(50);
    }
    List<String> where = Files.readAllLines(port);
    return new Browser(process, URI.create("ws://127.0.0.1:" + where.get(0) + where.get(1)));
  }

  /** An empty page of so many pixels' width, dark or light as its reader wishes. */
  BrowserTab tab(int width, boolean isDark) {
    String target =
        call("", "Target.createTarget", json.createObjectNode().put("url", "about:blank"))
            .path("targetId")
            .asText();
    ObjectNode attach = json.createObjectNode().put("targetId", target).put("flatten", true);
    String session = call("", "Target.attachToTarget", attach).path("sessionId").asText();
    BrowserTab tab = new BrowserTab(this, session);
    tabs.put(session, tab);
    tab.begin(width, isDark);
    return tab;
  }

  ObjectNode object() {
    return json.createObjectNode();
  }

  /** Asks for something and waits for the answer. */
  JsonNode call(String session, String method, ObjectNode parameters) {
    int id = calls.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    ObjectNode message = json.createObjectNode().put("id", id).put("method", method);
    message.set("params", parameters);
    if (!session.isEmpty()) {
      message.put("sessionId", session);
    }
    synchronized (socket) {
      socket.sendText(message.toString(), true).join();
    }
    JsonNode told = answer.orTimeout(MOST_SECONDS, TimeUnit.SECONDS).join();
    if (told.has("error")) {
      throw new IllegalStateException(method + ": " + told.path("error"));
    }
    return told.path("result");
  }

  @Override
  public void close() {
    socket.abort();
    process.destroy();
    process
        .onExit()
        .orTimeout(MOST_SECONDS, TimeUnit.SECONDS)
        .exceptionally(late -> process.destroyForcibly())
        .join();
  }

  /** Puts messages together, and gives them to whom they are for. */
  private final class Ear implements WebSocket.Listener {

    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
      message.append(part);
      if (isLast) {
        hear(message.toString());
        message.setLength(0);
      }
      from.request(1);
      return null;
    }

    private void hear(String text) {
      try {
        JsonNode told = json.readTree(text);
        CompletableFuture<JsonNode> answer =
            told.has("id") ? answers.remove(told.path("id").asInt()) : null;
        if (answer != null) {
          answer.complete(told);
        }
        BrowserTab tab = tabs.get(told.path("sessionId").asText());
        if (tab != null && told.has("method")) {
          tab.hear(told.path("method").asText(), told.path("params"));
        }
      } catch (IOException e) {
        throw new IllegalStateException("no message of a browser: " + text, e);
      }
    }
  }
}
