package dev.strata.udfs.live;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;

/** Pages of Spark's, as a browser gets them. */
final class Web {

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

  private Web() {}

  /** A page, whatever its status. */
  static HttpResponse<String> get(String address) throws IOException, InterruptedException {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** A page of a session's UI. */
  static String page(SparkSession spark, String path) throws IOException, InterruptedException {
    HttpResponse<String> page = get(spark.sparkContext().uiWebUrl().get() + path);
    if (page.statusCode() != 200) {
      throw new IOException(path + ": " + page.statusCode() + "\n" + page.body());
    }
    return page.body();
  }

  /** A figure of the driver's on the page that Prometheus reads; NaN if it is not there. */
  static double metric(String page, String name) {
    String key = "_driver_strata_" + name.replace('.', '_') + "_Number";
    Matcher line = Pattern.compile(Pattern.quote(key) + "\\S* (\\S+)").matcher(page);
    return line.find() ? Double.parseDouble(line.group(1)) : Double.NaN;
  }
}
