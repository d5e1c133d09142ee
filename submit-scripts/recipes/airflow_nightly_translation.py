"""Translates each day's texts in the night after it, on a Spark cluster, for Airflow 2.4 and later.

Needs apache-airflow-providers-apache-spark and a connection "spark_default" to the cluster. Airflow may try a day
again at any time, or fill in days that were missed: rows that are done stay as they are, and a day that is complete
is left alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

STRATA = "/opt/strata"
LAKE = "hdfs://nn/lake"

with DAG(
    dag_id="nightly_translation",
    schedule="0 1 * * *",
    start_date=datetime(2026, 11, 1),
    catchup=False,
    max_active_runs=1,  # the nights share the GPUs
    default_args={"retries": 3, "retry_delay": timedelta(minutes=15)},
) as dag:
    SparkSubmitOperator(
        task_id="translate",
        conn_id="spark_default",
        name="nightly translation {{ ds }}",
        application=f"{STRATA}/job/target/strata.jar",
        java_class="dev.strata.job.cli.Strata",
        properties_file="/etc/strata/nightly-translation.properties",
        conf={
            "spark.executor.instances": "4",
            "spark.executor.resource.gpu.amount": "1",
            "spark.executor.resource.gpu.discoveryScript": f"{STRATA}/conf/discover-gpus.sh",
            "spark.executorEnv.PYTORCH_LIBRARY_PATH": "/opt/strata-natives",
            "spark.executorEnv.PYTORCH_VERSION": "2.5.1",
            "spark.executorEnv.PYTORCH_FLAVOR": "cu124",
        },
        application_args=[
            "translate",
            "--input",
            f"{LAKE}/texts/date={{{{ ds }}}}",
            "--output",
            f"{LAKE}/translations/date={{{{ ds }}}}",
            "--lock",
            f"{LAKE}/translations/.nightly-translation.strata-lock",
            "--progress",
            "off",
        ],
    )
