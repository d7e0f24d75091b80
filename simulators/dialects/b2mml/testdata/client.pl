# A client of SOAP::Lite: posts the BOD on its standard input and prints what
# that library makes of the answer. Arguments: address, SOAP version, name of
# the BOD, token.
use strict;
use warnings;
use SOAP::Lite;

my ($address, $version, $bod, $token) = @ARGV;
local $/;
my $body = <STDIN>;
$body =~ s/^<\?xml[^>]*\?>\s*//;

my $client = SOAP::Lite->new(proxy => $address)->soapversion($version)->on_action(sub { qq("http://www.mesa.org/xml/B2MML/$bod") });
$client->transport->http_request->header(Authorization => "Bearer $token") if $token;
$client->on_fault(sub { $_[1] });
$client->serializer(Raw->new($client->soapversion));
my $answer = $client->call('raw', $body);

binmode STDOUT, ':utf8';
unless (ref $answer) { print "no answer: ", $client->transport->status, "\n"; exit }
if ($answer->fault) {
    # the methods of this library know the names of SOAP 1.1
    my $code = $answer->faultcode || $answer->valueof('//Fault/Code/Value');
    my $text = $answer->faultstring || $answer->valueof('//Fault/Reason/Text');
    print "fault $code: $text\n";
}
for my $entry ($answer->dataof('//ResponseCriteria/ResponseExpression')) {
    print $entry->attr->{actionCode}, " ", $entry->value, "\n";
}
print "code $_\n" for $answer->valueof('//ChangeStatus/Code');

# Raw has an envelope of SOAP::Lite's around a body that is XML already.
package Raw;
use parent -norequire, 'SOAP::Serializer';
sub new { my ($class, $version) = @_; my $self = $class->SUPER::new; $self->soapversion($version); $self }
sub envelope {
    my ($self, $kind, $name, $body) = @_;
    return $self->SUPER::envelope(freeform => SOAP::Data->type(xml => $body));
}
