package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** Spark takes {@code conf/metrics.properties}. */
class MetricsTest {

  @Test
  void prometheusCanRead() throws Exception {
    SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.port", 0)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config(
                "spark.metrics.conf",
                System.getProperty("strata.root") + "/conf/metrics.properties")
            .getOrCreate();
    try {
      String address = spark.sparkContext().uiWebUrl().get() + "/metrics/prometheus/";
      HttpResponse<String> page =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(address)).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(page.body()).contains("_driver_jvm_heap_used_Value").contains("DAGScheduler");
    } finally {
      spark.stop();
    }
  }
}
