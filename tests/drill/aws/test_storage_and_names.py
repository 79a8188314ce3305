"""S3 and Route 53: pages, conditions, chunked bodies; zones, batches, signing. Both also judged by moto."""

import http.client
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.drill.aws.conftest import KEY, Endpoint, HandAccount


def test_objects_are_put_got_copied_and_deleted(peer: Endpoint) -> None:
    s3 = _with_bucket(peer)
    s3.put_object(Bucket="records", Key="a/1", Body=b"one", ContentType="text/plain", Metadata={"by": "phase-5"})
    got = s3.get_object(Bucket="records", Key="a/1")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"one", "text/plain", {"by": "phase-5"})
    s3.copy_object(Bucket="records", Key="b/1", CopySource={"Bucket": "records", "Key": "a/1"})
    assert s3.head_object(Bucket="records", Key="b/1")["ContentLength"] == 3
    s3.delete_object(Bucket="records", Key="a/1")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="records", Key="a/1")
    deleted = s3.delete_objects(Bucket="records", Delete={"Objects": [{"Key": "b/1"}]})["Deleted"]
    assert [one["Key"] for one in deleted] == ["b/1"]
    assert s3.get_bucket_location(Bucket="records")["LocationConstraint"] == "ca-central-1"
    s3.delete_bucket(Bucket="records")
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket="records")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_long_listing_comes_by_pages_and_folders(peer: Endpoint) -> None:
    s3 = _with_bucket(peer)
    for index in range(7):
        s3.put_object(Bucket="records", Key=f"dns_records/{index % 2}/{index}", Body=b"x")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="records", PaginationConfig={"PageSize": 3}))
    assert [len(page["Contents"]) for page in pages] == [3, 3, 1]
    folded = s3.list_objects_v2(Bucket="records", Prefix="dns_records/", Delimiter="/")
    assert [one["Prefix"] for one in folded["CommonPrefixes"]] == ["dns_records/0/", "dns_records/1/"]
    after = s3.list_objects_v2(Bucket="records", StartAfter="dns_records/1/3")
    assert [one["Key"] for one in after["Contents"]] == ["dns_records/1/5"]


def test_a_put_happens_only_on_its_condition(peer: Endpoint) -> None:
    s3 = _with_bucket(peer)
    s3.put_object(Bucket="records", Key="lock", Body=b"mine", IfNoneMatch="*")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="records", Key="lock", Body=b"yours", IfNoneMatch="*")
    assert caught.value.response["Error"]["Code"] == "PreconditionFailed"
    assert s3.get_object(Bucket="records", Key="lock")["Body"].read() == b"mine"


def test_conditions_by_etag_are_honoured(account: HandAccount) -> None:
    s3 = _with_bucket(account)
    etag = s3.put_object(Bucket="records", Key="k", Body=b"1")["ETag"]
    s3.put_object(Bucket="records", Key="k", Body=b"2", IfMatch=etag)
    stale = {"Bucket": "records", "Key": "k", "IfMatch": etag}
    with pytest.raises(ClientError) as caught:
        s3.put_object(**stale, Body=b"3")
    assert caught.value.response["Error"]["Code"] == "PreconditionFailed"
    with pytest.raises(ClientError) as caught:
        s3.get_object(**stale)
    assert caught.value.response["Error"]["Code"] == "PreconditionFailed"
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.put_object(Bucket="records", Key="new", Body=b"3", IfMatch=etag)
    etag = s3.head_object(Bucket="records", Key="k")["ETag"]
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="records", Key="k", IfNoneMatch=etag)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 304


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"5;chunk-signature=abc\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n", 200),
        (b"5\r\nhello\r\n0\r\n\r\n", 200),
        (b"ff\r\nhello\r\n0\r\n\r\n", 400),
        (b"zz\r\nhello\r\n", 400),
    ],
)
def test_a_chunked_body_is_put_together(account: HandAccount, body: bytes, status: int) -> None:
    connection = http.client.HTTPConnection(account.endpoint.url.removeprefix("http://"), timeout=5)
    scope = f"{KEY}/20260101/ca-central-1/s3/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "Content-Encoding": "aws-chunked",
    }
    connection.request("PUT", "/acme-dkim/chunked", body=body, headers=headers)
    assert connection.getresponse().status == status
    connection.close()
    stored = account.s3.fetch("acme-dkim", "chunked")
    assert stored in ((b"hello world", b"hello") if status == 200 else (None,))


def test_a_stream_is_put_as_the_sdk_sends_streams(peer: Endpoint, tmp_path: Any) -> None:
    s3 = _with_bucket(peer)
    path = tmp_path / "zone-backup.json"
    path.write_bytes(b"{}" * 5000)
    with path.open("rb") as stream:
        s3.put_object(Bucket="records", Key="backup", Body=stream)
    assert s3.get_object(Bucket="records", Key="backup")["Body"].read() == path.read_bytes()


def test_a_zone_is_made_filled_listed_and_deleted(peer: Endpoint) -> None:
    client = peer.client("route53")
    made = client.create_hosted_zone(Name="fresh.example", CallerReference="1")
    zone_id = made["HostedZone"]["Id"]
    assert made["HostedZone"]["Name"] == "fresh.example."
    assert made["DelegationSet"]["NameServers"]
    assert client.get_hosted_zone(Id=zone_id)["HostedZone"]["Name"] == "fresh.example."
    record = {"Name": "www.fresh.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    change = _change(client, zone_id, ("CREATE", record))
    assert client.get_change(Id=change["Id"])["ChangeInfo"]["Status"] in ("PENDING", "INSYNC")
    listed = client.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert [(one["Name"], one["Type"]) for one in listed] == [
        ("fresh.example.", "NS"),
        ("fresh.example.", "SOA"),
        ("www.fresh.example.", "A"),
    ]
    with pytest.raises(client.exceptions.HostedZoneNotEmpty):
        client.delete_hosted_zone(Id=zone_id)
    _change(client, zone_id, ("DELETE", record))
    client.delete_hosted_zone(Id=zone_id)
    with pytest.raises(client.exceptions.NoSuchHostedZone):
        client.get_hosted_zone(Id=zone_id)


def test_a_batch_with_a_record_that_is_there_already_does_nothing(peer: Endpoint) -> None:
    client = peer.client("route53")
    zone_id = client.create_hosted_zone(Name="batch.example", CallerReference="2")["HostedZone"]["Id"]
    record = {"Name": "a.batch.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    _change(client, zone_id, ("CREATE", record))
    other = record | {"Name": "b.batch.example"}
    with pytest.raises(client.exceptions.InvalidChangeBatch):
        _change(client, zone_id, ("CREATE", other), ("CREATE", record))
    listed = client.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert [one["Name"] for one in listed if one["Type"] == "A"] == ["a.batch.example."]


def test_a_batch_may_replace_a_cname_by_other_records(account: HandAccount) -> None:
    client = account.client("route53")
    zone_id = _zone_id(client, "shop.example.")
    old = {"Name": "www.shop.example", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "shop.example."}]}
    new = {"Name": "www.shop.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.9"}]}
    _change(client, zone_id, ("DELETE", old), ("CREATE", new))
    assert account.network.tree.values("www.shop.example.", "A") == ("192.0.2.9",)


@pytest.mark.parametrize("kind", ["SOA", "NS"])
def test_what_a_zone_cannot_do_without_stays(account: HandAccount, kind: str) -> None:
    client = account.client("route53")
    zone_id = _zone_id(client, "shop.example.")
    records = client.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    (record,) = [one for one in records if one["Type"] == kind]
    with pytest.raises(client.exceptions.InvalidChangeBatch, match="must contain exactly one"):
        _change(client, zone_id, ("DELETE", record))


def test_values_that_dns_cannot_hold_are_refused_whole(account: HandAccount) -> None:
    client = account.client("route53")
    serial = account.network.tree.zone("shop.example.").serial
    fine = {"Name": "ok.shop.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.9"}]}
    wrong = fine | {"Name": "no.shop.example", "ResourceRecords": [{"Value": "not an address"}]}
    with pytest.raises(client.exceptions.InvalidChangeBatch):
        _change(client, _zone_id(client, "shop.example."), ("CREATE", fine), ("CREATE", wrong))
    assert account.network.tree.zone("shop.example.").serial == serial


def test_a_deleted_zone_comes_back_empty_and_is_restored_by_one_batch(account: HandAccount) -> None:
    client, zone = account.client("route53"), account.network.tree.zone("shop.example.")
    zone.take_down()
    assert [one["Name"] for one in client.list_hosted_zones()["HostedZones"]] == ["pay.example."]
    made = client.create_hosted_zone(Name="shop.example", CallerReference="restore")["HostedZone"]
    assert zone.hosted
    assert made["ResourceRecordSetCount"] == 2
    record = {"Name": "shop.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.10"}]}
    _change(client, made["Id"], ("CREATE", record))
    assert zone.values("shop.example.", "A") == ("192.0.2.10",)
    with pytest.raises(client.exceptions.HostedZoneAlreadyExists):
        client.create_hosted_zone(Name="shop.example", CallerReference="again")


def test_signing_is_switched_off_only_once_the_parent_names_no_key(account: HandAccount) -> None:
    client, tree = account.client("route53"), account.network.tree
    zone_id, zone = _zone_id(client, "shop.example."), tree.zone("shop.example.")
    told = client.get_dnssec(HostedZoneId=zone_id)
    (key,) = told["KeySigningKeys"]
    assert (told["Status"]["ServeSignature"], key["KeyTag"]) == ("SIGNING", zone.keys[0].tag)
    assert key["DSRecord"] in tree.parent_of(zone).values("shop.example.", "DS")
    with pytest.raises(client.exceptions.KeySigningKeyInParentDSRecord):
        client.disable_hosted_zone_dnssec(HostedZoneId=zone_id)
    tree.parent_of(zone).withdraw("shop.example.", "DS")
    client.disable_hosted_zone_dnssec(HostedZoneId=zone_id)
    assert client.get_dnssec(HostedZoneId=zone_id)["Status"]["ServeSignature"] == "NOT_SIGNING"
    assert not tree.zone("shop.example.").keys
    with pytest.raises(client.exceptions.DNSSECNotFound):
        client.disable_hosted_zone_dnssec(HostedZoneId=zone_id)
    client.enable_hosted_zone_dnssec(HostedZoneId=zone_id)
    assert [one.tag for one in zone.keys] == [key["KeyTag"]]


def test_keys_are_made_used_rested_and_deleted_and_the_zone_is_signed_with_them(account: HandAccount) -> None:
    client, tree = account.client("route53"), account.network.tree
    zone_id, zone = _zone_id(client, "shop.example."), tree.zone("shop.example.")
    (old,) = client.get_dnssec(HostedZoneId=zone_id)["KeySigningKeys"]
    kms = "arn:aws:kms:us-east-1:447112341123:key/next"
    asked = {"HostedZoneId": zone_id, "CallerReference": "1", "Name": "next", "KeyManagementServiceArn": kms}
    made = client.create_key_signing_key(**asked, Status="INACTIVE")["KeySigningKey"]
    assert [key.tag for key in zone.keys] == [old["KeyTag"]]
    with pytest.raises(client.exceptions.KeySigningKeyAlreadyExists):
        client.create_key_signing_key(**asked, Status="INACTIVE")
    with pytest.raises(client.exceptions.InvalidKMSArn):
        client.create_key_signing_key(**asked | {"Name": "other"}, Status="INACTIVE")
    client.activate_key_signing_key(HostedZoneId=zone_id, Name="next")
    assert [key.tag for key in zone.keys] == [old["KeyTag"], made["KeyTag"]]
    with pytest.raises(client.exceptions.KeySigningKeyInParentDSRecord):
        client.deactivate_key_signing_key(HostedZoneId=zone_id, Name=old["Name"])
    with pytest.raises(client.exceptions.InvalidKeySigningKeyStatus):
        client.delete_key_signing_key(HostedZoneId=zone_id, Name="next")
    tree.parent_of(zone).replace("shop.example.", "DS", made["DSRecord"])
    client.deactivate_key_signing_key(HostedZoneId=zone_id, Name=old["Name"])
    client.delete_key_signing_key(HostedZoneId=zone_id, Name=old["Name"])
    assert [key["Name"] for key in client.get_dnssec(HostedZoneId=zone_id)["KeySigningKeys"]] == ["next"]
    again = asked | {"Name": old["Name"], "KeyManagementServiceArn": old["KmsArn"]}
    assert client.create_key_signing_key(**again, Status="INACTIVE")["KeySigningKey"]["KeyTag"] == old["KeyTag"]
    third = asked | {"Name": "third", "KeyManagementServiceArn": f"{kms}3"}
    with pytest.raises(client.exceptions.TooManyKeySigningKeys):
        client.create_key_signing_key(**third, Status="INACTIVE")
    tree.publish_ds("shop.example.")
    with pytest.raises(client.exceptions.NoSuchKeySigningKey):
        client.activate_key_signing_key(HostedZoneId=zone_id, Name="nobody")


def test_an_answer_can_be_tried(account: HandAccount) -> None:
    client = account.client("route53")
    zone_id = _zone_id(client, "shop.example.")
    found = client.test_dns_answer(HostedZoneId=zone_id, RecordName="shop.example", RecordType="A")
    assert (found["ResponseCode"], found["RecordData"]) == ("NOERROR", ["192.0.2.10"])
    absent = client.test_dns_answer(HostedZoneId=zone_id, RecordName="no.shop.example", RecordType="A")
    assert absent["ResponseCode"] == "NXDOMAIN"


def _with_bucket(peer: Endpoint) -> Any:
    client = peer.client("s3")
    client.create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    return client


def _zone_id(client: Any, name: str) -> str:
    return str(next(one["Id"] for one in client.list_hosted_zones()["HostedZones"] if one["Name"] == name))


def _change(client: Any, zone_id: str, *changes: tuple[str, Any]) -> Any:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
    return client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)["ChangeInfo"]
